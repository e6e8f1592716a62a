import { DisconnectReason, Room, RoomEvent } from 'livekit-client';
import { enterRoom } from '../join/enterRoom';
import { randomIdentity, type Invitation } from '../join/invitation';
import { listenForTranscript } from '../transcript/listen';
import { TranscriptStore } from '../transcript/TranscriptStore';

export interface CallRequest extends Invitation {
  roomName: string;
  participantName: string;
}

/** A room this page is in, and what was said there. */
export interface Call {
  room: Room;
  /** What an invite link to this call carries. */
  invitation: Invitation & { roomName: string };
  transcript: TranscriptStore;
}

/**
 * Joins a room. `onEnd` is called once, when the call that was opened is over for whatever reason.
 * Fails with an error whose message can be shown.
 */
export async function openCall(
  { participantName, ...invitation }: CallRequest,
  onEnd: (reason: DisconnectReason | undefined) => void,
): Promise<Call> {
  const answer = await enterRoom({
    ...invitation,
    participantName,
    participantIdentity: randomIdentity(),
  });
  const room = new Room({
    audioCaptureDefaults: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  const transcript = new TranscriptStore();
  listenForTranscript(room, transcript);
  try {
    await room.connect(answer.url, answer.token);
  } catch (error) {
    console.error(error);
    throw new Error('The room was found, but the call could not be connected. Try again.', {
      cause: error,
    });
  }
  room.once(RoomEvent.Disconnected, onEnd);
  return { room, transcript, invitation: { ...invitation, roomName: answer.roomName } };
}
