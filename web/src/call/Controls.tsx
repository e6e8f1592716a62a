import { useIsSpeaking, useLocalParticipant } from '@livekit/components-react';
import { LeaveIcon, MicrophoneIcon, MicrophoneOffIcon } from './icons';
import type { Microphone } from './useMicrophone';

interface Props {
  microphone: Microphone;
  onLeave: () => void;
}

export function Controls({ microphone, onLeave }: Props) {
  const { localParticipant } = useLocalParticipant();
  const isHeard = useIsSpeaking(localParticipant) && microphone.isOn;
  return (
    <div className="controls" role="group" aria-label="Call controls">
      <button
        className="button"
        type="button"
        data-testid="mute"
        data-muted={!microphone.isOn}
        data-heard={isHeard}
        aria-disabled={microphone.isPending}
        onClick={() => !microphone.isPending && microphone.set(!microphone.isOn)}
      >
        {microphone.isOn ? <MicrophoneIcon /> : <MicrophoneOffIcon />}
        {microphone.isOn ? 'Mute' : 'Unmute'}
      </button>
      <button className="button button-danger" type="button" data-testid="leave" onClick={onLeave}>
        <LeaveIcon />
        Leave
      </button>
    </div>
  );
}
