import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, describeFailure, postJson } from './request';
import { joinRoom } from './rooms';

afterEach(() => {
  vi.unstubAllGlobals();
});

function answerWith(status: number, body: string) {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));
}

describe('describeFailure', () => {
  it('says what the server said', () => {
    expect(describeFailure(422, { detail: 'roomName is too long', status_code: 422 })).toBe(
      'roomName is too long.',
    );
  });

  it('adds what to do when an invitation or patience is needed', () => {
    expect(describeFailure(401, { detail: 'Not authenticated.' })).toMatch(/invite link/);
    expect(describeFailure(429, { detail: 'Too many requests.' })).toMatch(/try again/);
  });

  it('has words for a body that is not the error shape', () => {
    for (const body of [undefined, null, 'oops', {}, { detail: 7 }, { detail: ' ' }]) {
      expect(describeFailure(502, body)).toBe('The server answered with an error (502).');
    }
  });
});

describe('postJson', () => {
  it('turns an error body into an ApiError with its status', async () => {
    answerWith(404, '{"detail":"No such room","status_code":404}');
    await expect(postJson('/room/join', {})).rejects.toMatchObject({
      message: 'No such room.',
      status: 404,
    });
  });

  it('survives an answer that is not JSON', async () => {
    answerWith(503, '<html>');
    await expect(postJson('/room/join', {})).rejects.toBeInstanceOf(ApiError);
  });

  it('says so when nobody answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    await expect(postJson('/room/join', {})).rejects.toThrow(/cannot be reached/);
  });
});

describe('joinRoom', () => {
  it('refuses a success without a token', async () => {
    answerWith(200, '{"roomName":"a"}');
    await expect(
      joinRoom({ roomName: 'a', participantIdentity: 'b', participantName: 'c' }),
    ).rejects.toThrow(/does not understand/);
  });
});
