import { useState, type FormEvent } from 'react';
import type { CallRequest } from '../call/openCall';
import { ROOM_NAME_MAX_LENGTH, randomRoomName, type Invitation } from './invitation';
import { rememberName, rememberedName } from './rememberedName';

interface Props {
  invitation: Invitation;
  previousRoomName: string | undefined;
  isJoining: boolean;
  onJoin: (request: CallRequest) => void;
}

export function JoinForm({ invitation, previousRoomName, isJoining, onJoin }: Props) {
  const [roomName, setRoomName] = useState(
    () => previousRoomName ?? invitation.roomName ?? randomRoomName(),
  );
  const [name, setName] = useState(rememberedName);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (isJoining) return;
    const participantName = name.trim() || 'Guest';
    rememberName(name.trim());
    // A token opens the room it was made for, no other.
    const { roomName: invitedTo, joinToken, ...rest } = invitation;
    const room = roomName.trim();
    const isInvited = joinToken !== undefined && room === invitedTo;
    onJoin({ ...rest, roomName: room, participantName, ...(isInvited && { joinToken }) });
  }

  return (
    <form className="join-form" onSubmit={submit}>
      <label htmlFor="your-name">Your name</label>
      <input
        id="your-name"
        data-testid="your-name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        placeholder="Guest"
        autoComplete="name"
        maxLength={64}
      />
      <label htmlFor="room-name">Room</label>
      <input
        id="room-name"
        data-testid="room-name"
        value={roomName}
        onChange={(event) => setRoomName(event.target.value)}
        aria-describedby="room-hint"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={ROOM_NAME_MAX_LENGTH}
        required
        pattern=".*\S.*"
        title="A name for the room"
      />
      <p className="hint" id="room-hint">
        Keep this one for a new room, or give the name of one you know.
      </p>
      <button className="button button-primary" data-testid="join" type="submit" aria-disabled={isJoining}>
        {isJoining ? 'Joining…' : 'Join'}
      </button>
    </form>
  );
}
