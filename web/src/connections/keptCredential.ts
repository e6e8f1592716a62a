import type { Credential } from '../api/account';
import { ApiError } from '../api/request';

const KEY = 'casp.credential';

/**
 * The credential of this tab: it has to outlast the visit at a consent page, and nothing more. Storage may be off,
 * which is no reason to fail.
 */
export function keptCredential(): Credential | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    return isCredential(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function keepCredential(credential: Credential | undefined): void {
  try {
    if (credential) sessionStorage.setItem(KEY, JSON.stringify(credential));
    else sessionStorage.removeItem(KEY);
  } catch {
    // The way back from a consent page asks again.
  }
}

/**
 * Does something as whoever is signed in on this tab, or as nobody. A credential that is not good any more is
 * forgotten.
 */
export async function asKept<T>(work: (credential?: Credential) => Promise<T>): Promise<T> {
  const credential = keptCredential();
  if (!credential) return work();
  try {
    return await work(credential);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    keepCredential(undefined);
    return work();
  }
}

function isCredential(value: unknown): value is Credential {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, secret } = value as Partial<Record<keyof Credential, unknown>>;
  return (kind === 'sign-in' || kind === 'key') && typeof secret === 'string';
}
