import { describe, expect, it } from 'vitest';
import { inviteLink, randomIdentity, randomRoomName, readInvitation } from './invitation';

describe('readInvitation', () => {
  it('reads room, join token and assistant', () => {
    expect(readInvitation('?room=blue&join=t0k&assistant=sales')).toEqual({
      roomName: 'blue',
      joinToken: 't0k',
      assistant: 'sales',
    });
  });

  it('leaves out what is missing or blank', () => {
    expect(readInvitation('?room=%20&join=')).toEqual({});
  });

  it('cuts a room name nobody could have typed', () => {
    expect(readInvitation(`?room=${'a'.repeat(300)}`).roomName).toHaveLength(128);
  });
});

describe('inviteLink', () => {
  it('is read back as the same invitation, whatever the name', () => {
    const invitation = { roomName: 'böse & ../room?', joinToken: 'a+b/c=' };
    const link = new URL(inviteLink('https://casp.example', invitation));
    expect(link.origin).toBe('https://casp.example');
    expect(readInvitation(link.search)).toEqual(invitation);
  });
});

describe('random names', () => {
  it('look like names and differ', () => {
    expect(randomRoomName()).toMatch(/^meeting-[0-9a-f]{4}$/);
    expect(randomIdentity()).not.toBe(randomIdentity());
  });
});
