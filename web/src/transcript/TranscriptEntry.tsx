import { formatLatency } from './attributes';
import type { Entry } from './transcript';

export function TranscriptEntry({ entry, speakerName }: { entry: Entry; speakerName: string }) {
  return (
    <li
      className="transcript-entry"
      data-testid="transcript-entry"
      data-role={entry.role}
      data-final={entry.isFinal}
    >
      <span className="transcript-speaker">
        {speakerName}
        {entry.wasTyped && <span className="transcript-typed"> typed</span>}
      </span>
      <p className="transcript-text">{entry.text}</p>
      {entry.latencyMs !== undefined && (
        <span
          className="turn-latency"
          data-testid="turn-latency"
          data-latency-ms={entry.latencyMs}
          title="From the end of your turn to the agent's first sound"
        >
          answered in {formatLatency(entry.latencyMs)}
        </span>
      )}
    </li>
  );
}
