import {
  EMPTY_TRANSCRIPT,
  reduceTranscript,
  type Transcript,
  type TranscriptEvent,
} from './transcript';

/**
 * The transcript of one call, for `useSyncExternalStore`. It exists before the room is connected
 * and after it is left, so no word is lost at either end.
 */
export class TranscriptStore {
  private transcript = EMPTY_TRANSCRIPT;
  private readonly listeners = new Set<() => void>();

  readonly dispatch = (event: TranscriptEvent): void => {
    const next = reduceTranscript(this.transcript, event);
    if (next === this.transcript) return;
    this.transcript = next;
    this.listeners.forEach((listener) => listener());
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Transcript => this.transcript;
}
