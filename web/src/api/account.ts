import { ApiError, requestJson } from './request';

/** What proves who one is: an access token of a sign-in, or an API key. It goes into a header, never into a URL. */
export type Credential = { kind: 'sign-in' | 'key'; secret: string };

/** `POST /auth/login` */
export async function signIn(email: string, password: string): Promise<Credential> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ email, password });
  const answer = await requestJson('/auth/login', { method: 'POST', headers, body });
  const token = (answer as { access_token?: unknown } | undefined)?.access_token;
  if (typeof token !== 'string') {
    throw new ApiError('The server gave an answer this page does not understand.', 502);
  }
  return { kind: 'sign-in', secret: token };
}

/** `POST /auth/logout`: an access token is worth nothing afterwards. An API key stays what it is. */
export async function signOut(credential: Credential): Promise<void> {
  if (credential.kind === 'key') return;
  await requestJson('/auth/logout', { method: 'POST', headers: authorization(credential) });
}

export function authorization(credential: Credential): Record<string, string> {
  return { authorization: `Bearer ${credential.secret}` };
}
