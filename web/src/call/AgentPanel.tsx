import { BarVisualizer } from '@livekit/components-react';
import type { Invitation } from '../join/invitation';
import { AgentMissing } from './AgentMissing';
import type { AgentState } from './agent';
import { useAgent } from './useAgent';

const WORDS: Record<AgentState, string> = {
  initializing: 'Getting ready…',
  listening: 'Listening',
  thinking: 'Thinking…',
  speaking: 'Speaking',
};

/** Who is there to talk with, and what they are doing. */
export function AgentPanel({ invitation }: { invitation: Invitation & { roomName: string } }) {
  const { isPresent, state, voice } = useAgent();
  const shown = isPresent ? state : 'absent';
  return (
    <div className="agent-panel" data-state={shown}>
      <BarVisualizer
        className="visualizer"
        aria-hidden="true"
        barCount={5}
        options={{ minHeight: 12 }}
        state={isPresent ? state : 'connecting'}
        {...(voice && { track: voice })}
      />
      <p className="agent-state" role="status" data-testid="agent-state" data-state={shown}>
        {isPresent ? WORDS[state] : 'Calling the agent…'}
      </p>
      {!isPresent && <AgentMissing invitation={invitation} />}
    </div>
  );
}
