const KEY = 'casp.name';

/** The name given last time; storage may be off, which is no reason to fail. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

export function rememberName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // The next visit asks again.
  }
}
