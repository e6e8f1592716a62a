import { joinRoom, type JoinAnswer, type JoinRequest } from '../api/rooms';
import { asKept } from '../connections/keptCredential';

/**
 * Joins as a guest where there is an invitation, else as whoever is signed in on this tab: the room may be that of
 * another account, where one's own opens nothing.
 */
export function enterRoom(request: JoinRequest): Promise<JoinAnswer> {
  if (request.joinToken !== undefined) return joinRoom(request);
  return asKept((credential) => joinRoom(request, credential));
}
