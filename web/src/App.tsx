import { useState } from 'react';
import { ConnectionsPage } from './connections/ConnectionsPage';
import { CallView } from './call/CallView';
import { useCall } from './call/useCall';
import { JoinView } from './join/JoinView';
import { readInvitation } from './join/invitation';

/** Where connections are shown; the second is where the first application comes back to from Google. */
const CONNECTIONS_PATHS = ['/connections', '/scheduled-meetings'];

export function App() {
  const [isConnections] = useState(() => CONNECTIONS_PATHS.includes(window.location.pathname));
  return isConnections ? <ConnectionsPage /> : <CallPage />;
}

function CallPage() {
  const [invitation] = useState(() => readInvitation(window.location.search));
  const { phase, join } = useCall();

  if (phase.name === 'in-call') return <CallView call={phase.call} />;
  return (
    <JoinView
      invitation={invitation}
      isJoining={phase.name === 'joining'}
      onJoin={(request) => void join(request)}
      {...(phase.name === 'idle' && phase.ending && { ending: phase.ending })}
      {...(phase.name === 'idle' && phase.lastCall && { lastCall: phase.lastCall })}
    />
  );
}
