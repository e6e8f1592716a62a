import { useState } from 'react';
import { Wordmark } from '../Wordmark';
import { inviteLink, type Invitation } from '../join/invitation';

type CopyState = 'ready' | 'copied' | 'failed';

export function CallHeader({ invitation }: { invitation: Invitation & { roomName: string } }) {
  const [copyState, setCopyState] = useState<CopyState>('ready');
  const link = inviteLink(window.location.origin, invitation);

  function copy() {
    // The clipboard is missing on pages that are not secure; then the link is shown instead.
    const written = navigator.clipboard?.writeText(link) ?? Promise.reject(new Error('no clipboard'));
    written.then(
      () => setCopyState('copied'),
      () => setCopyState('failed'),
    );
  }

  return (
    <header className="call-header">
      <Wordmark />
      <h1 className="room-title" data-testid="room-title" title={invitation.roomName}>
        {invitation.roomName}
      </h1>
      <button className="button button-small" data-testid="copy-invite" type="button" onClick={copy}>
        {copyState === 'copied' ? 'Copied' : 'Copy invite link'}
      </button>
      {copyState === 'failed' && (
        <input
          className="invite-link"
          aria-label="Invite link"
          readOnly
          value={link}
          onFocus={(event) => event.target.select()}
        />
      )}
      <span className="visually-hidden" role="status">
        {copyState === 'copied' && 'Invite link copied'}
      </span>
    </header>
  );
}
