import { RoomAudioRenderer, RoomContext } from '@livekit/components-react';
import { Transcript } from '../transcript/Transcript';
import { AgentPanel } from './AgentPanel';
import { CallHeader } from './CallHeader';
import { ChatBox } from './ChatBox';
import { ConnectionBanner } from './ConnectionBanner';
import { Controls } from './Controls';
import { StartAudio } from './StartAudio';
import { useMicrophone } from './useMicrophone';
import type { Call } from './openCall';

/** The page in a call. */
export function CallView({ call }: { call: Call }) {
  const { room, transcript, invitation } = call;
  const microphone = useMicrophone(room);
  return (
    <RoomContext.Provider value={room}>
      <main className="call-view">
        <CallHeader invitation={invitation} />
        <div className="banners">
          <ConnectionBanner />
          <StartAudio />
          {microphone.problem && (
            <p className="notice notice-error" role="alert" data-testid="error">
              {microphone.problem}
            </p>
          )}
        </div>
        <section className="stage" aria-label="Call">
          <AgentPanel invitation={invitation} />
          <Controls microphone={microphone} onLeave={() => void room.disconnect()} />
        </section>
        <section className="conversation" aria-label="Conversation">
          <Transcript store={transcript} room={room} />
          <ChatBox transcript={transcript} />
        </section>
        <RoomAudioRenderer />
      </main>
    </RoomContext.Provider>
  );
}
