/**
 * What was said, as it grows: pure rules, no LiveKit, no clock.
 *
 * A segment (LiveKit's `lk.segment_id`) is one utterance. Its text arrives as one or more text
 * streams: either one stream that grows, or a stream for each better guess, each with all the text.
 */

export type Role = 'agent' | 'user';

export interface Entry {
  /** Speaker and segment together: two speakers may use one segment id. */
  id: string;
  role: Role;
  /** Identity of the participant who spoke or wrote. */
  speaker: string;
  text: string;
  isFinal: boolean;
  wasTyped: boolean;
  /** End of the user's turn to the agent's first sound, on the first entry of an answer. */
  latencyMs?: number;
  /** Ordinal of the stream the text came from; an older stream never overwrites a newer one. */
  streamOrdinal: number;
}

export interface Transcript {
  /** In the order in which each was first heard of. */
  entries: readonly Entry[];
  /** A latency that came before the answer it belongs to. */
  pendingLatencyMs?: number;
}

export interface SegmentUpdate {
  type: 'segment';
  segmentId: string;
  role: Role;
  speaker: string;
  /** All of the segment's text so far. */
  text: string;
  isFinal: boolean;
  streamOrdinal: number;
}

export type TranscriptEvent =
  | SegmentUpdate
  | { type: 'typed'; id: string; role: Role; speaker: string; text: string }
  | { type: 'latency'; latencyMs: number };

export const EMPTY_TRANSCRIPT: Transcript = { entries: [] };

export function reduceTranscript(transcript: Transcript, event: TranscriptEvent): Transcript {
  switch (event.type) {
    case 'segment':
      return withSegment(transcript, event);
    case 'typed':
      return append(transcript, {
        id: `${event.speaker}/${event.id}`,
        role: event.role,
        speaker: event.speaker,
        text: event.text,
        isFinal: true,
        wasTyped: true,
        streamOrdinal: 0,
      });
    case 'latency':
      return withLatency(transcript, event.latencyMs);
  }
}

function withSegment(transcript: Transcript, update: SegmentUpdate): Transcript {
  const id = `${update.speaker}/${update.segmentId}`;
  const known = transcript.entries.find((entry) => entry.id === id);
  const isBlank = update.text.trim() === '';
  if (!known) {
    if (isBlank) return transcript;
    return append(settle(transcript, update.speaker), {
      id,
      role: update.role,
      speaker: update.speaker,
      text: update.text,
      isFinal: update.isFinal,
      wasTyped: false,
      streamOrdinal: update.streamOrdinal,
    });
  }
  const isLate = update.streamOrdinal < known.streamOrdinal;
  const isGuessAfterFinal = known.isFinal && !update.isFinal;
  if (isLate || isGuessAfterFinal) return transcript;
  if (isBlank) {
    // A guess that turned out to be no speech at all.
    return update.isFinal
      ? { ...transcript, entries: transcript.entries.filter((entry) => entry !== known) }
      : transcript;
  }
  const { text, isFinal, streamOrdinal } = update;
  return replace(transcript, known, { ...known, text, isFinal, streamOrdinal });
}

/** Who begins a new utterance has ended the old one, said so or not (an interrupted agent doesn't). */
function settle(transcript: Transcript, speaker: string): Transcript {
  if (!transcript.entries.some((entry) => entry.speaker === speaker && !entry.isFinal)) {
    return transcript;
  }
  return {
    ...transcript,
    entries: transcript.entries.map((entry) =>
      entry.speaker === speaker && !entry.isFinal ? { ...entry, isFinal: true } : entry,
    ),
  };
}

/** Puts a new entry last; the first of an answer takes the latency that waits for it. */
function append({ entries, pendingLatencyMs }: Transcript, entry: Entry): Transcript {
  if (entry.role === 'agent' && pendingLatencyMs !== undefined) {
    return { entries: [...entries, { ...entry, latencyMs: pendingLatencyMs }] };
  }
  return {
    entries: [...entries, entry],
    ...(pendingLatencyMs !== undefined && { pendingLatencyMs }),
  };
}

/**
 * The latency of a turn and the first words of its answer travel separately and arrive in either
 * order: it goes to the first agent entry after the user's last, or waits for it.
 */
function withLatency(transcript: Transcript, latencyMs: number): Transcript {
  const { entries } = transcript;
  const answer = entries[entries.findLastIndex((entry) => entry.role === 'user') + 1];
  if (answer && answer.latencyMs === undefined) {
    return replace(transcript, answer, { ...answer, latencyMs });
  }
  return { entries, pendingLatencyMs: latencyMs };
}

function replace(transcript: Transcript, old: Entry, entry: Entry): Transcript {
  return {
    ...transcript,
    entries: transcript.entries.map((each) => (each === old ? entry : each)),
  };
}
