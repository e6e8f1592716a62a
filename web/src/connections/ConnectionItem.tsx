import { useState } from 'react';
import type { Connection } from '../api/connections';
import { providerWords } from './providers';

interface Props {
  connection: Connection;
  isBusy: boolean;
  onConnect: () => void;
  onDisconnect: () => void;
}

/** One provider: what it is for, whether it is connected, and what can be done about it. */
export function ConnectionItem({ connection, isBusy, onConnect, onDisconnect }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  const { name, use } = providerWords(connection.provider);
  const { connected, needs_reauth: hasEnded, available } = connection;
  const state = hasEnded ? 'ended' : connected ? 'connected' : 'none';

  return (
    <li className="connection" data-testid="connection" data-provider={connection.provider} data-state={state}>
      <div className="connection-words">
        <h2>{name}</h2>
        <p className="hint">{use}</p>
        {state === 'connected' && (
          <p className="connection-state">
            Connected{connection.user_email !== null && <> as {connection.user_email}</>}
          </p>
        )}
        {state === 'ended' && (
          <p className="notice notice-warning">
            The access has ended{connection.user_email !== null && <> ({connection.user_email})</>}. Connect again to go
            on.
          </p>
        )}
        {!available && state === 'none' && <p className="hint">Not set up on this server.</p>}
      </div>
      <div className="connection-actions">
        {available && state !== 'connected' && (
          <button
            className="button button-small button-primary"
            type="button"
            data-testid="connect"
            aria-disabled={isBusy}
            onClick={() => !isBusy && onConnect()}
          >
            {state === 'ended' ? 'Connect again' : 'Connect'}
            <span className="visually-hidden"> {name}</span>
          </button>
        )}
        {state !== 'none' && (
          <button
            className={`button button-small${isAsking ? ' button-danger' : ''}`}
            type="button"
            data-testid="disconnect"
            aria-disabled={isBusy}
            onBlur={() => setIsAsking(false)}
            onClick={() => {
              if (isBusy) return;
              if (isAsking) onDisconnect();
              setIsAsking(!isAsking);
            }}
          >
            {isAsking ? 'Really disconnect?' : 'Disconnect'}
            <span className="visually-hidden"> {name}</span>
          </button>
        )}
      </div>
    </li>
  );
}
