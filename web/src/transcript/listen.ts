import { RoomEvent, type Room, type TextStreamReader } from 'livekit-client';
import { isAgent } from '../call/agent';
import {
  CHAT_TOPIC,
  SEGMENT_ID,
  TRANSCRIBED_TRACK_ID,
  TRANSCRIPTION_FINAL,
  TRANSCRIPTION_TOPIC,
  TURN_LATENCY_MS,
  parseLatencyMs,
} from './attributes';
import type { Role } from './transcript';
import type { TranscriptStore } from './TranscriptStore';

/**
 * Feeds a store from a room. Called before the room connects: streams that come before their
 * handler is there are dropped by livekit-client.
 *
 * LiveKit's own `useTranscriptions` is not enough: it does not see a `lk.transcription_final` that
 * comes with the end of a stream, and empties itself when the room is left.
 */
export function listenForTranscript(room: Room, store: TranscriptStore): void {
  let streams = 0;

  room.registerTextStreamHandler(TRANSCRIPTION_TOPIC, (reader, sender) => {
    streams += 1;
    void readSegment(room, store, reader, sender.identity, streams);
  });

  room.registerTextStreamHandler(CHAT_TOPIC, (reader, { identity }) => {
    const role = roleOf(room, identity);
    reader.readAll().then(
      (text) => {
        if (text.trim() === '') return;
        store.dispatch({ type: 'typed', id: reader.info.id, role, speaker: identity, text });
      },
      () => undefined, // Its sender left in mid-message: there is nothing to show.
    );
  });

  room.on(RoomEvent.ParticipantAttributesChanged, (changed, participant) => {
    if (!isAgent(participant)) return;
    const latencyMs = parseLatencyMs(changed[TURN_LATENCY_MS]);
    if (latencyMs !== undefined) store.dispatch({ type: 'latency', latencyMs });
  });
}

async function readSegment(
  room: Room,
  store: TranscriptStore,
  reader: TextStreamReader,
  sender: string,
  streamOrdinal: number,
): Promise<void> {
  const speaker = speakerOf(room, sender, reader.info.attributes?.[TRANSCRIBED_TRACK_ID]);
  const segment = {
    type: 'segment',
    segmentId: reader.info.attributes?.[SEGMENT_ID] || reader.info.id,
    role: roleOf(room, speaker),
    speaker,
    streamOrdinal,
  } as const;
  let text = '';
  let wasCutOff = false;
  try {
    for await (const chunk of reader) {
      text += chunk;
      store.dispatch({ ...segment, text, isFinal: false });
    }
  } catch {
    wasCutOff = true; // Its sender left: no more of it will come.
  }
  // The attributes are read again: the stream's end may have brought new ones.
  const isFinal = wasCutOff || reader.info.attributes?.[TRANSCRIPTION_FINAL] === 'true';
  if (isFinal) store.dispatch({ ...segment, text, isFinal });
}

/** An agent that does not send a user's words in the user's name still names the user's track. */
function speakerOf(room: Room, sender: string, trackId: string | undefined): string {
  if (!trackId) return sender;
  const everyone = [room.localParticipant, ...room.remoteParticipants.values()];
  return everyone.find((each) => each.trackPublications.has(trackId))?.identity ?? sender;
}

function roleOf(room: Room, identity: string): Role {
  const participant = room.getParticipantByIdentity(identity);
  return isAgent(participant ?? { identity }) ? 'agent' : 'user';
}
