import { describe, expect, it } from 'vitest';
import {
  EMPTY_TRANSCRIPT,
  reduceTranscript,
  type SegmentUpdate,
  type Transcript,
  type TranscriptEvent,
} from './transcript';

const play = (...events: TranscriptEvent[]): Transcript =>
  events.reduce(reduceTranscript, EMPTY_TRANSCRIPT);

const said =
  (role: 'agent' | 'user') =>
  (segmentId: string, text: string, rest: Partial<SegmentUpdate> = {}): SegmentUpdate => ({
    type: 'segment',
    segmentId,
    role,
    speaker: role === 'agent' ? 'agent' : 'web-1',
    text,
    isFinal: false,
    streamOrdinal: 1,
    ...rest,
  });
const agent = said('agent');
const user = said('user');
const final = { isFinal: true };
const latency = (latencyMs: number): TranscriptEvent => ({ type: 'latency', latencyMs });
const typed = (id: string, text: string): TranscriptEvent => ({
  type: 'typed',
  id,
  role: 'user',
  speaker: 'web-1',
  text,
});

const texts = (transcript: Transcript) => transcript.entries.map((entry) => entry.text);
const latencies = (transcript: Transcript) => transcript.entries.map((entry) => entry.latencyMs);

describe('a segment', () => {
  it('grows in place', () => {
    const transcript = play(agent('s1', 'Hel'), agent('s1', 'Hello there'));
    expect(texts(transcript)).toEqual(['Hello there']);
    expect(transcript.entries[0]?.isFinal).toBe(false);
  });

  it('has its guesses replaced by the final text', () => {
    const transcript = play(
      user('s1', 'what is on my calender', { streamOrdinal: 1 }),
      user('s1', 'What is on my calendar?', { streamOrdinal: 2, ...final }),
    );
    expect(texts(transcript)).toEqual(['What is on my calendar?']);
    expect(transcript.entries[0]?.isFinal).toBe(true);
  });

  it('is not touched by a guess that comes after the final text', () => {
    const transcript = play(
      user('s1', 'Yes.', { streamOrdinal: 1, ...final }),
      user('s1', 'yes but', { streamOrdinal: 2 }),
    );
    expect(texts(transcript)).toEqual(['Yes.']);
  });

  it('is not touched by the rest of an older stream', () => {
    const transcript = play(
      user('s1', 'turn on the light', { streamOrdinal: 5 }),
      user('s1', 'turn on', { streamOrdinal: 4 }),
    );
    expect(texts(transcript)).toEqual(['turn on the light']);
  });

  it('may be corrected by a second final text', () => {
    const transcript = play(
      agent('s1', 'I can tell you a long story', final),
      agent('s1', 'I can tell', { streamOrdinal: 2, ...final }),
    );
    expect(texts(transcript)).toEqual(['I can tell']);
  });

  it('disappears when it was no speech after all', () => {
    expect(texts(play(user('s1', 'uh'), user('s1', ' ', final)))).toEqual([]);
  });

  it('does not appear before it has words', () => {
    expect(texts(play(agent('s1', '')))).toEqual([]);
  });

  it('of another speaker is another segment, even with the same id', () => {
    const transcript = play(agent('1', 'Hello'), user('1', 'Hi'));
    expect(texts(transcript)).toEqual(['Hello', 'Hi']);
  });
});

describe('the order', () => {
  it('is that of first words, whoever finishes first', () => {
    const transcript = play(
      user('u1', 'tell me'),
      agent('a1', 'Sure'),
      agent('a1', 'Sure.', final),
      user('u1', 'Tell me a story.', final),
    );
    expect(texts(transcript)).toEqual(['Tell me a story.', 'Sure.']);
  });

  it('has typed turns where they were sent', () => {
    const transcript = play(agent('a1', 'Hello.', final), typed('c1', 'hi'), agent('a2', 'Yes?'));
    expect(texts(transcript)).toEqual(['Hello.', 'hi', 'Yes?']);
    expect(transcript.entries[1]).toMatchObject({ wasTyped: true, isFinal: true });
  });
});

describe('an interrupted answer', () => {
  it('is settled when the agent speaks anew, and not before', () => {
    const interrupted = [agent('a1', 'Once upon a'), user('u1', 'Stop.', final)];
    expect(play(...interrupted).entries[0]?.isFinal).toBe(false);
    expect(play(...interrupted, agent('a2', 'All right.')).entries[0]?.isFinal).toBe(true);
  });
});

describe('the latency of a turn', () => {
  it('is shown beside the answer when it comes after its first words', () => {
    const transcript = play(user('u1', 'Hi', final), agent('a1', 'Hel'), latency(312));
    expect(latencies(transcript)).toEqual([undefined, 312]);
  });

  it('waits for the answer when it comes before', () => {
    const transcript = play(user('u1', 'Hi', final), latency(312), agent('a1', 'Hello'));
    expect(latencies(transcript)).toEqual([undefined, 312]);
    expect(transcript.pendingLatencyMs).toBeUndefined();
  });

  it('goes to the first segment of a long answer', () => {
    const transcript = play(
      user('u1', 'Hi', final),
      agent('a1', 'One.', final),
      agent('a2', 'Two.', final),
      latency(250),
    );
    expect(latencies(transcript)).toEqual([undefined, 250, undefined]);
  });

  it('never goes to the greeting or to an earlier answer', () => {
    const transcript = play(
      agent('a0', 'Welcome.', final),
      typed('c1', 'hi'),
      latency(100),
      agent('a1', 'Hello.', final),
      typed('c2', 'and?'),
      latency(200),
      agent('a2', 'Well.', final),
    );
    expect(latencies(transcript)).toEqual([undefined, undefined, 100, undefined, 200]);
  });

  it('of a newer turn replaces one that never found its answer', () => {
    const transcript = play(user('u1', 'a'), latency(1), latency(2), agent('a1', 'b'));
    expect(latencies(transcript)).toEqual([undefined, 2]);
  });

  it('survives better guesses of the same answer', () => {
    const transcript = play(user('u1', 'a'), agent('a1', 'b'), latency(9), agent('a1', 'b c', final));
    expect(latencies(transcript)).toEqual([undefined, 9]);
  });
});
