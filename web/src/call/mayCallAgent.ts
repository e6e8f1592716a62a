import type { Credential } from '../api/account';
import type { Invitation } from '../join/invitation';

/** Whether it is worth trying: only the room's own account may send for an agent, no guest with an invite link. */
export function mayCallAgent(invitation: Invitation, credential: Credential | undefined): boolean {
  return invitation.joinToken === undefined || credential !== undefined;
}
