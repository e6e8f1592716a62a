import { DisconnectReason } from 'livekit-client';

export interface Ending {
  words: string;
  /** Whether something went wrong, rather than somebody ended the call. */
  isError: boolean;
}

/** Why a call is over, in people's words. */
export function describeEnding(reason: DisconnectReason | undefined): Ending {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED:
      return { words: 'You left the room.', isError: false };
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return { words: 'The call has ended.', isError: false };
    case DisconnectReason.PARTICIPANT_REMOVED:
      return { words: 'You were removed from the room.', isError: true };
    case DisconnectReason.DUPLICATE_IDENTITY:
      return { words: 'This call was continued somewhere else.', isError: true };
    case DisconnectReason.SERVER_SHUTDOWN:
      return { words: 'The server is restarting. Join again in a moment.', isError: true };
    default:
      return { words: 'The connection was lost. Join again to go on.', isError: true };
  }
}
