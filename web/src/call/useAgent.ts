import { useRoomContext } from '@livekit/components-react';
import { RemoteAudioTrack, RoomEvent, Track, type RemoteParticipant, type Room } from 'livekit-client';
import { useCallback, useSyncExternalStore } from 'react';
import { AGENT_STATE } from '../transcript/attributes';
import { isAgent, parseAgentState } from './agent';

/** Every event after which the agent, its state or its voice may be another. */
const EVENTS = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantAttributesChanged,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.ConnectionStateChanged,
] as const;

/**
 * The agent in the room, its state and its voice.
 *
 * LiveKit's `useVoiceAssistant` and `useParticipantAttributes` miss a change that comes between a
 * participant's first render and the hook's subscription, and an agent that joins and is ready a
 * few milliseconds later would seem to get ready for ever. `useSyncExternalStore` looks again.
 */
export function useAgent() {
  const room = useRoomContext();
  const subscribe = useCallback(
    (listener: () => void) => {
      EVENTS.forEach((event) => room.on(event, listener));
      return () => EVENTS.forEach((event) => room.off(event, listener));
    },
    [room],
  );
  const isPresent = useSyncExternalStore(subscribe, () => findAgent(room) !== undefined);
  const state = useSyncExternalStore(subscribe, () =>
    parseAgentState(findAgent(room)?.attributes[AGENT_STATE]),
  );
  const voice = useSyncExternalStore(subscribe, () => voiceOf(findAgent(room)));
  return { isPresent, state, voice };
}

function findAgent(room: Room): RemoteParticipant | undefined {
  return Array.from(room.remoteParticipants.values()).find(isAgent);
}

function voiceOf(agent: RemoteParticipant | undefined): RemoteAudioTrack | undefined {
  const track = agent?.getTrackPublication(Track.Source.Microphone)?.track;
  return track instanceof RemoteAudioTrack ? track : undefined;
}
