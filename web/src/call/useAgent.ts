import {
  useParticipantAttributes,
  useParticipantTracks,
  useRemoteParticipants,
} from '@livekit/components-react';
import { RoomEvent, Track } from 'livekit-client';
import { AGENT_STATE } from '../transcript/attributes';
import { isAgent, parseAgentState } from './agent';

/**
 * The agent in the room, its state and its voice. LiveKit's `useVoiceAssistant` knows an agent by
 * the kind in its token alone; here the identity counts too.
 */
export function useAgent() {
  const agent = useRemoteParticipants({
    updateOnlyOn: [RoomEvent.ParticipantConnected, RoomEvent.ParticipantDisconnected],
  }).find(isAgent);
  const { attributes } = useParticipantAttributes(agent ? { participant: agent } : {});
  const [voice] = useParticipantTracks([Track.Source.Microphone], agent?.identity);
  return {
    isPresent: agent !== undefined,
    state: parseAgentState(agent && attributes?.[AGENT_STATE]),
    voice: agent && voice,
  };
}
