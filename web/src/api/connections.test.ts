import { afterEach, describe, expect, it, vi } from 'vitest';
import { signIn, signOut } from './account';
import { consentPage, disconnect, listConnections } from './connections';

const credential = { kind: 'sign-in', secret: 't0k' } as const;

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Answers every request with this; returns what was asked. */
function answerWith(status: number, body: unknown) {
  const asked: { path: string; init: RequestInit }[] = [];
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    asked.push({ path, init });
    const text = status === 204 ? null : JSON.stringify(body);
    return Promise.resolve(new Response(text, { status }));
  });
  return asked;
}

describe('credentials', () => {
  it('go into a header, and into no URL', async () => {
    const asked = answerWith(200, []);
    await listConnections(credential);
    await disconnect({ kind: 'key', secret: 'sk_secret' }, 'gmail');
    expect(asked.map(({ init }) => init.headers)).toEqual([
      { authorization: 'Bearer t0k' },
      { authorization: 'Bearer sk_secret' },
    ]);
    for (const { path } of asked) expect(path).not.toMatch(/t0k|sk_secret/);
  });

  it('come of a sign-in, and end with it', async () => {
    const asked = answerWith(200, { access_token: 't0k', refresh_token: 'r' });
    expect(await signIn('ann@example.com', 'pass')).toEqual(credential);
    expect(asked[0]?.path).toBe('/auth/login');
    const ended = answerWith(204, undefined);
    await signOut(credential);
    await signOut({ kind: 'key', secret: 'sk_secret' });
    expect(ended.map(({ path }) => path)).toEqual(['/auth/logout']);
  });

  it('that are wrong are told in the words of the server', async () => {
    answerWith(401, { detail: 'E-mail or password is wrong' });
    await expect(signIn('ann@example.com', 'x')).rejects.toThrow('E-mail or password is wrong.');
  });
});

describe('consentPage', () => {
  it('names where to come back to', async () => {
    const asked = answerWith(200, { authorization_url: 'https://login.example/x' });
    expect(await consentPage(credential, 'gmail', 'https://casp.example/connections')).toBe(
      'https://login.example/x',
    );
    expect(asked[0]?.path).toBe(
      '/v1/oauth/connect/gmail?redirect_uri=https%3A%2F%2Fcasp.example%2Fconnections',
    );
  });

  it('is a page, nothing else', async () => {
    for (const url of ['javascript:alert(1)', '/connections', undefined]) {
      answerWith(200, { authorization_url: url });
      await expect(consentPage(credential, 'gmail', 'x')).rejects.toThrow(/does not understand/);
    }
  });
});

describe('listConnections', () => {
  it('refuses what is no list of connections', async () => {
    for (const body of [{}, [{}], [{ provider: 'gmail' }], 'x']) {
      answerWith(200, body);
      await expect(listConnections(credential)).rejects.toThrow(/does not understand/);
    }
  });
});
