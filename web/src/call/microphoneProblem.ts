const TYPING = 'You can still type, and hear the agent.';

/** Why the microphone does not work, and what to do, in people's words. */
export function describeMicrophoneProblem(error: unknown): string {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
      return `Your browser does not let this page use the microphone. Allow it in the address bar, then press Unmute. ${TYPING}`;
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return `No microphone was found. Plug one in, then press Unmute. ${TYPING}`;
    case 'NotReadableError':
    case 'TrackStartError':
      return `The microphone is in use by another program. Close that, then press Unmute. ${TYPING}`;
    case 'DeviceUnsupportedError':
      return `This page may not use the microphone, because it was not opened over https or from localhost. ${TYPING}`;
    default:
      return `The microphone could not be started. Press Unmute to try again. ${TYPING}`;
  }
}
