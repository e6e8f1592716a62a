import { useRoomContext } from '@livekit/components-react';
import { useState, type FormEvent } from 'react';
import { CHAT_TOPIC } from '../transcript/attributes';
import type { TranscriptStore } from '../transcript/TranscriptStore';
import { SendIcon } from './icons';

/** Longest typed turn. */
const MESSAGE_MAX_LENGTH = 4_000;

/** Sends typed turns as LiveKit text streams and shows them at once: the room does not echo them. */
export function ChatBox({ transcript }: { transcript: TranscriptStore }) {
  const room = useRoomContext();
  const [text, setText] = useState('');
  const [isSending, setIsSending] = useState(false);
  const [hasFailed, setHasFailed] = useState(false);

  async function send(event: FormEvent) {
    event.preventDefault();
    const message = text.trim();
    if (message === '' || isSending) return;
    setIsSending(true);
    try {
      const { id } = await room.localParticipant.sendText(message, { topic: CHAT_TOPIC });
      const speaker = room.localParticipant.identity;
      transcript.dispatch({ type: 'typed', id, role: 'user', speaker, text: message });
      setText('');
      setHasFailed(false);
    } catch (error) {
      console.error(error);
      setHasFailed(true);
    } finally {
      setIsSending(false);
    }
  }

  return (
    <form className="chat-box" onSubmit={(event) => void send(event)}>
      {hasFailed && (
        <p className="notice notice-error" role="alert" data-testid="error">
          Your message was not sent. Try again.
        </p>
      )}
      <label className="visually-hidden" htmlFor="chat-input">
        Message to the agent
      </label>
      <input
        id="chat-input"
        data-testid="chat-input"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="Type a message"
        autoComplete="off"
        enterKeyHint="send"
        maxLength={MESSAGE_MAX_LENGTH}
      />
      <button
        className="button button-primary"
        data-testid="chat-send"
        type="submit"
        aria-label="Send"
        aria-disabled={isSending || text.trim() === ''}
      >
        <SendIcon />
      </button>
    </form>
  );
}
