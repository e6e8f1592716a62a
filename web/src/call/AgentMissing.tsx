import { useEffect, useState } from 'react';
import { callAgent } from '../api/rooms';
import { asKept, keptCredential } from '../connections/keptCredential';
import type { Invitation } from '../join/invitation';
import { mayCallAgent } from './mayCallAgent';

/** An agent is normally there within a second: later than this, a person may lend a hand. */
const PATIENCE_MS = 5_000;

export function AgentMissing({ invitation }: { invitation: Invitation & { roomName: string } }) {
  const [isOverdue, setIsOverdue] = useState(false);
  const [isCalling, setIsCalling] = useState(false);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    const timer = setTimeout(() => setIsOverdue(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);

  function call() {
    setIsCalling(true);
    setProblem(undefined);
    asKept((credential) => callAgent(invitation.roomName, credential))
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setIsCalling(false));
  }

  if (!isOverdue) return null;
  return (
    <div className="agent-missing">
      <p>There is no agent in the room.</p>
      {mayCallAgent(invitation, keptCredential()) && (
        <button
          className="button button-small"
          type="button"
          data-testid="call-agent"
          aria-disabled={isCalling}
          onClick={() => !isCalling && call()}
        >
          {isCalling ? 'Calling…' : 'Call the agent'}
        </button>
      )}
      {problem && (
        <p className="notice notice-error" role="alert" data-testid="error">
          {problem}
        </p>
      )}
    </div>
  );
}
