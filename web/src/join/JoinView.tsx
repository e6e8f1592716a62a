import type { Ending } from '../call/ending';
import type { Call, CallRequest } from '../call/openCall';
import { Wordmark } from '../Wordmark';
import { Transcript } from '../transcript/Transcript';
import { JoinForm } from './JoinForm';
import type { Invitation } from './invitation';

interface Props {
  invitation: Invitation;
  isJoining: boolean;
  ending?: Ending;
  lastCall?: Call;
  onJoin: (request: CallRequest) => void;
}

/** The page outside of a call. */
export function JoinView({ invitation, isJoining, ending, lastCall, onJoin }: Props) {
  const hasTranscript = lastCall && lastCall.transcript.snapshot().entries.length > 0;
  return (
    <main className="join-view">
      <div className="card">
        <Wordmark />
        <h1>{invitation.roomName ? 'You are invited to a call' : 'Talk with the agent'}</h1>
        <p className="hint">Speak or type. The agent hears you as soon as you are in the room.</p>
        {ending && (
          <p
            className={ending.isError ? 'notice notice-error' : 'notice'}
            role={ending.isError ? 'alert' : 'status'}
            data-testid={ending.isError ? 'error' : 'ending'}
          >
            {ending.words}
          </p>
        )}
        <JoinForm
          invitation={invitation}
          previousRoomName={lastCall?.invitation.roomName}
          isJoining={isJoining}
          onJoin={onJoin}
        />
        <a className="page-link" href="/connections">
          Connect mail, calendars and more
        </a>
      </div>
      {hasTranscript && (
        <details className="last-call">
          <summary>What was said in {lastCall.invitation.roomName}</summary>
          <Transcript store={lastCall.transcript} room={lastCall.room} />
        </details>
      )}
    </main>
  );
}
