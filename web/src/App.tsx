import { useState } from 'react';
import { CallView } from './call/CallView';
import { useCall } from './call/useCall';
import { JoinView } from './join/JoinView';
import { readInvitation } from './join/invitation';

export function App() {
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
