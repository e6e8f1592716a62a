import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callAgent } from '../api/rooms';
import { asKept, keepCredential, keptCredential } from '../connections/keptCredential';
import { enterRoom } from './enterRoom';

const request = { roomName: 'blue', participantIdentity: 'web-1', participantName: 'Ann' };
const answer = { token: 't', url: 'wss://casp.example', roomName: 'blue', agentPresent: true };
const credential = { kind: 'sign-in', secret: 't0k' } as const;

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Answers one request after the other with these statuses; returns what was asked, and as whom. */
function answerWith(...statuses: number[]) {
  const asked: { path: string; as: string | null; body: unknown }[] = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const as = new Headers(init.headers).get('authorization');
    asked.push({ path, as, body: JSON.parse(init.body as string) });
    const status = statuses[asked.length - 1] ?? 200;
    const body = status === 200 ? answer : { detail: 'No', status_code: status };
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return asked;
}

describe('enterRoom', () => {
  it('joins as whoever is signed in, by a header alone', async () => {
    keepCredential(credential);
    const asked = answerWith(200);
    expect(await enterRoom(request)).toEqual(answer);
    expect(asked).toEqual([{ path: '/room/join', as: 'Bearer t0k', body: request }]);
  });

  it('joins as nobody where nobody is signed in', async () => {
    const asked = answerWith(200);
    await enterRoom(request);
    expect(asked.map(({ as }) => as)).toEqual([null]);
  });

  it('joins as a guest by an invitation, which may be of another account', async () => {
    keepCredential(credential);
    const asked = answerWith(200);
    await enterRoom({ ...request, joinToken: 'j0in' });
    expect(asked.map(({ as }) => as)).toEqual([null]);
    expect(keptCredential()).toEqual(credential);
  });

  it('forgets a credential that is not good any more, and goes on without', async () => {
    keepCredential(credential);
    const asked = answerWith(401, 200);
    expect(await enterRoom(request)).toEqual(answer);
    expect(asked.map(({ as }) => as)).toEqual(['Bearer t0k', null]);
    expect(keptCredential()).toBeUndefined();
  });

  it('keeps a credential that is merely of no use there', async () => {
    keepCredential(credential);
    const asked = answerWith(404);
    await expect(enterRoom(request)).rejects.toMatchObject({ status: 404 });
    expect(asked).toHaveLength(1);
    expect(keptCredential()).toEqual(credential);
  });
});

describe('callAgent', () => {
  it('is asked for by whoever is signed in', async () => {
    keepCredential(credential);
    const asked = answerWith(200);
    await asKept((kept) => callAgent('a/b', kept));
    expect(asked).toEqual([
      { path: '/room/a%2Fb/agent', as: 'Bearer t0k', body: { enable: true } },
    ]);
  });
});
