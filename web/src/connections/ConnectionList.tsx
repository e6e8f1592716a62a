import type { Credential } from '../api/account';
import { Wordmark } from '../Wordmark';
import { ConnectionItem } from './ConnectionItem';
import type { Outcome } from './outcome';
import { useConnections } from './useConnections';

interface Props {
  credential: Credential;
  outcome?: Outcome;
  onRefused: () => void;
  onSignOut: () => void;
}

/** What the account has connected. */
export function ConnectionList({ credential, outcome, onRefused, onSignOut }: Props) {
  const { connections, busyWith, problem, connect, end } = useConnections(credential, onRefused);
  return (
    <main className="connections-view">
      <header className="connections-header">
        <a href="/" className="home-link" aria-label="CASP: to the call page">
          <Wordmark />
        </a>
        <button className="button button-small" type="button" data-testid="sign-out" onClick={onSignOut}>
          Sign out
        </button>
      </header>
      <h1>Connections</h1>
      <p className="hint">What you connect here the agent uses for you alone.</p>
      {outcome && (
        <p
          className={outcome.isError ? 'notice notice-error' : 'notice'}
          role={outcome.isError ? 'alert' : 'status'}
          data-testid="outcome"
        >
          {outcome.words}
        </p>
      )}
      {problem && (
        <p className="notice notice-error" role="alert" data-testid="error">
          {problem}
        </p>
      )}
      {!connections && !problem && <p role="status">Loading…</p>}
      {connections && (
        <ul className="connections">
          {connections.map((connection) => (
            <ConnectionItem
              key={connection.provider}
              connection={connection}
              isBusy={busyWith !== undefined}
              onConnect={() => connect(connection.provider)}
              onDisconnect={() => end(connection.provider)}
            />
          ))}
        </ul>
      )}
    </main>
  );
}
