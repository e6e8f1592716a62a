/** An answer of the server that is not a success, in the words the server gave. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** HTTP status, or 0 when no answer came at all. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** Posts JSON and returns the JSON answer; every failure is an {@link ApiError}. */
export async function postJson(
  path: string,
  body: unknown,
  more: Record<string, string> = {},
): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...more };
  return requestJson(path, { method: 'POST', headers, body: JSON.stringify(body) }, describeFailure);
}

/** Sends a request and returns the JSON answer, if there is one; every failure is an {@link ApiError}. */
export async function requestJson(
  path: string,
  init: RequestInit,
  describe: (status: number, body: unknown) => string = describePlainly,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new ApiError('The server cannot be reached. Check your connection and try again.', 0);
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(describe(response.status, answer), response.status);
  return answer;
}

/** The words for an error body `{"detail","status_code"}`, with advice where the status alone tells what to do. */
export function describeFailure(status: number, body: unknown): string {
  const detail = describePlainly(status, body);
  switch (status) {
    case 401:
    case 403:
      return `${detail} Ask the person who runs this server for an invite link.`;
    case 429:
      return `${detail} Wait a moment and try again.`;
    default:
      return detail;
  }
}

function describePlainly(status: number, body: unknown): string {
  return detailOf(body) ?? `The server answered with an error (${status}).`;
}

function detailOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('detail' in body)) return undefined;
  const { detail } = body;
  if (typeof detail !== 'string' || detail.trim() === '') return undefined;
  const sentence = detail.trim();
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
