import { ParticipantKind } from 'livekit-client';

/** The identity this server's agent has in every room. */
const AGENT_IDENTITY = 'agent';

/** Whether a participant is the agent; a foreign agent counts, known by LiveKit's participant kind. */
export function isAgent(participant: { identity: string; kind?: ParticipantKind }): boolean {
  return participant.identity === AGENT_IDENTITY || participant.kind === ParticipantKind.AGENT;
}

/** LiveKit's values of `lk.agent.state`. */
export const AGENT_STATES = ['initializing', 'listening', 'thinking', 'speaking'] as const;
export type AgentState = (typeof AGENT_STATES)[number];

/** The state in an attribute; an agent that says none, or one unknown, is still getting ready. */
export function parseAgentState(value: string | undefined): AgentState {
  return AGENT_STATES.find((state) => state === value) ?? 'initializing';
}
