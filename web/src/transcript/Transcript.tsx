import type { Room } from 'livekit-client';
import { useSyncExternalStore } from 'react';
import { TranscriptEntry } from './TranscriptEntry';
import type { TranscriptStore } from './TranscriptStore';
import type { Entry } from './transcript';
import { useStickToBottom } from './useStickToBottom';

interface Props {
  store: TranscriptStore;
  room: Room;
}

/** Both sides of the conversation, growing. */
export function Transcript({ store, room }: Props) {
  const { entries } = useSyncExternalStore(store.subscribe, store.snapshot);
  const list = useStickToBottom(entries);
  return (
    <>
      <div
        className="transcript"
        data-testid="transcript"
        ref={list}
        // Scrollable by keyboard.
        tabIndex={0}
        role="region"
        aria-label="Transcript"
      >
        {entries.length === 0 && <p className="hint">What you and the agent say appears here.</p>}
        <ol>
          {entries.map((entry) => (
            <TranscriptEntry key={entry.id} entry={entry} speakerName={nameOf(entry, room)} />
          ))}
        </ol>
      </div>
      <Announcer entries={entries} room={room} />
    </>
  );
}

/** Reads out what is final, once; guesses that still change would be read over and over. */
function Announcer({ entries, room }: { entries: readonly Entry[]; room: Room }) {
  const last = entries.findLast((entry) => entry.isFinal && !entry.wasTyped);
  return (
    <p className="visually-hidden" aria-live="polite">
      {last && `${nameOf(last, room)}: ${last.text}`}
    </p>
  );
}

function nameOf(entry: Entry, room: Room): string {
  if (entry.role === 'agent') return 'Agent';
  if (entry.speaker === room.localParticipant.identity) return 'You';
  return room.getParticipantByIdentity(entry.speaker)?.name || 'Guest';
}
