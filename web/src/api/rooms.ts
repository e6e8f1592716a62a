import { authorization, type Credential } from './account';
import { ApiError, postJson } from './request';

export interface JoinRequest {
  roomName: string;
  participantIdentity: string;
  participantName: string;
  /** Name of the assistant that shall answer; the server's default without it. */
  assistant?: string;
  /** From an invite link: lets a guest in. */
  joinToken?: string;
}

export interface JoinAnswer {
  /** LiveKit access token. */
  token: string;
  /** LiveKit's address, ws:// or wss://. */
  url: string;
  roomName: string;
  agentPresent: boolean;
}

/** `POST /room/join`: makes the room if needed and gives the way into it. */
export async function joinRoom(request: JoinRequest, credential?: Credential): Promise<JoinAnswer> {
  const answer = await postJson('/room/join', request, credential && authorization(credential));
  if (!isJoinAnswer(answer)) {
    throw new ApiError('The server gave an answer this page does not understand.', 502);
  }
  return answer;
}

/** `POST /room/{name}/agent`: sends an agent into the room; does nothing when one is there. */
export async function callAgent(roomName: string, credential?: Credential): Promise<void> {
  const path = `/room/${encodeURIComponent(roomName)}/agent`;
  await postJson(path, { enable: true }, credential && authorization(credential));
}

function isJoinAnswer(value: unknown): value is JoinAnswer {
  if (typeof value !== 'object' || value === null) return false;
  const answer = value as Partial<Record<keyof JoinAnswer, unknown>>;
  return (
    typeof answer.token === 'string' &&
    typeof answer.url === 'string' &&
    typeof answer.roomName === 'string'
  );
}
