import { authorization, type Credential } from './account';
import { ApiError, requestJson } from './request';

/** What the account has connected, or could. */
export interface Connection {
  provider: string;
  connected: boolean;
  /** The grant has ended: its user has to connect again. */
  needs_reauth: boolean;
  /** Whose account at the provider it is. */
  user_email: string | null;
  /** Whether it can be connected at this server. */
  available: boolean;
}

/** `GET /v1/oauth/status` */
export async function listConnections(credential: Credential): Promise<Connection[]> {
  const answer = await requestJson('/v1/oauth/status', { headers: authorization(credential) });
  if (!Array.isArray(answer) || !answer.every(isConnection)) throw notUnderstood();
  return answer;
}

/** `GET /v1/oauth/connect/{provider}`: the consent page. The browser comes back to `returnTo`. */
export async function consentPage(
  credential: Credential,
  provider: string,
  returnTo: string,
): Promise<string> {
  const query = new URLSearchParams({ redirect_uri: returnTo });
  const answer = await requestJson(`/v1/oauth/connect/${encodeURIComponent(provider)}?${query}`, {
    headers: { ...authorization(credential), accept: 'application/json' },
  });
  const page = (answer as { authorization_url?: unknown } | undefined)?.authorization_url;
  if (typeof page !== 'string' || !/^https?:\/\//.test(page)) throw notUnderstood();
  return page;
}

/** `DELETE /v1/oauth/disconnect/{provider}` */
export async function disconnect(credential: Credential, provider: string): Promise<void> {
  await requestJson(`/v1/oauth/disconnect/${encodeURIComponent(provider)}`, {
    method: 'DELETE',
    headers: authorization(credential),
  });
}

function isConnection(value: unknown): value is Connection {
  if (typeof value !== 'object' || value === null) return false;
  const one = value as Partial<Record<keyof Connection, unknown>>;
  return (
    typeof one.provider === 'string' &&
    typeof one.connected === 'boolean' &&
    typeof one.needs_reauth === 'boolean' &&
    typeof one.available === 'boolean' &&
    (one.user_email === null || typeof one.user_email === 'string')
  );
}

function notUnderstood(): ApiError {
  return new ApiError('The server gave an answer this page does not understand.', 502);
}
