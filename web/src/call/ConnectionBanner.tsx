import { useConnectionState } from '@livekit/components-react';
import { ConnectionState } from 'livekit-client';

export function ConnectionBanner() {
  const state = useConnectionState();
  const isReconnecting =
    state === ConnectionState.Reconnecting || state === ConnectionState.SignalReconnecting;
  return (
    <div role="status">
      {isReconnecting && (
        <p className="notice notice-warning" data-testid="reconnecting">
          The connection was interrupted. Reconnecting…
        </p>
      )}
    </div>
  );
}
