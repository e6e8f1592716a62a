import { describe, expect, it } from 'vitest';
import { mayCallAgent } from './mayCallAgent';

const credential = { kind: 'key', secret: 'sk_secret' } as const;

describe('mayCallAgent', () => {
  it('is for whoever made the room or is signed in', () => {
    expect(mayCallAgent({ roomName: 'blue' }, undefined)).toBe(true);
    expect(mayCallAgent({ roomName: 'blue' }, credential)).toBe(true);
    expect(mayCallAgent({ roomName: 'blue', joinToken: 't0k' }, credential)).toBe(true);
  });

  it('is not for a guest', () => {
    expect(mayCallAgent({ roomName: 'blue', joinToken: 't0k' }, undefined)).toBe(false);
  });
});
