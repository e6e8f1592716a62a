import { useEffect, useRef, useState } from 'react';
import { Wordmark } from '../Wordmark';
import { inviteLink, type Invitation } from '../join/invitation';

type CopyState = 'ready' | 'copied' | 'failed';

export function CallHeader({ invitation }: { invitation: Invitation & { roomName: string } }) {
  const [copyState, setCopyState] = useState<CopyState>('ready');
  const title = useRef<HTMLHeadingElement>(null);
  // The button that had the focus is gone with the form: begin anew at the top of the call.
  useEffect(() => title.current?.focus(), []);
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
      <h1
        className="room-title"
        data-testid="room-title"
        title={invitation.roomName}
        ref={title}
        tabIndex={-1}
      >
        {invitation.roomName}
      </h1>
      <button
        className="button button-small"
        data-testid="copy-invite"
        type="button"
        title="Copy a link that brings others into this room"
        onClick={copy}
      >
        {copyState === 'copied' ? 'Copied' : 'Copy link'}
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
