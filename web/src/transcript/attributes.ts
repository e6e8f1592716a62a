/** Attribute names: LiveKit's own begin with `lk.`, this server's with `casp.`. */
export const SEGMENT_ID = 'lk.segment_id';
export const TRANSCRIPTION_FINAL = 'lk.transcription_final';
export const TRANSCRIBED_TRACK_ID = 'lk.transcribed_track_id';
export const AGENT_STATE = 'lk.agent.state';
export const TURN_LATENCY_MS = 'casp.turn_latency_ms';

/** Topics of LiveKit's text streams. */
export const TRANSCRIPTION_TOPIC = 'lk.transcription';
export const CHAT_TOPIC = 'lk.chat';

/** Milliseconds in an attribute's text; undefined for anything but a plausible whole number. */
export function parseLatencyMs(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,6}$/.test(value)) return undefined;
  return Number(value);
}

/** How a latency is shown: `312 ms`, `1.2 s`. */
export function formatLatency(latencyMs: number): string {
  return latencyMs < 1000 ? `${latencyMs} ms` : `${(latencyMs / 1000).toFixed(1)} s`;
}
