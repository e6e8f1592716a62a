/** What a link to this page can carry: `?room=&join=&assistant=`. */
export interface Invitation {
  roomName?: string;
  joinToken?: string;
  assistant?: string;
}

/** Longest room name the form takes; the server has the last word. */
export const ROOM_NAME_MAX_LENGTH = 128;

export function readInvitation(search: string): Invitation {
  const query = new URLSearchParams(search);
  const value = (key: string) => query.get(key)?.trim() || undefined;
  const roomName = value('room')?.slice(0, ROOM_NAME_MAX_LENGTH);
  const joinToken = value('join');
  const assistant = value('assistant');
  return {
    ...(roomName !== undefined && { roomName }),
    ...(joinToken !== undefined && { joinToken }),
    ...(assistant !== undefined && { assistant }),
  };
}

/** The link that brings somebody else into the same room. */
export function inviteLink(origin: string, invitation: Invitation & { roomName: string }): string {
  const query = new URLSearchParams({ room: invitation.roomName });
  if (invitation.joinToken) query.set('join', invitation.joinToken);
  if (invitation.assistant) query.set('assistant', invitation.assistant);
  return `${origin}/?${query}`;
}

/** A room name nobody else is likely to have, like `meeting-7f3a`. */
export function randomRoomName(): string {
  return `meeting-${randomHex(2)}`;
}

/** LiveKit throws out the older of two participants with one identity, so each page has its own. */
export function randomIdentity(): string {
  return `web-${randomHex(6)}`;
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
