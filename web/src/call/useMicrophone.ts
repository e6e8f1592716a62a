import { useLocalParticipant } from '@livekit/components-react';
import type { Room } from 'livekit-client';
import { useCallback, useEffect, useState } from 'react';
import { describeMicrophoneProblem } from './microphoneProblem';

export interface Microphone {
  isOn: boolean;
  /** Being switched: the browser may be asking for permission. */
  isPending: boolean;
  /** Why it does not work, in words to show. */
  problem?: string;
  set: (isOn: boolean) => void;
}

/** The microphone of this page, switched on when the call begins. */
export function useMicrophone(room: Room): Microphone {
  const { isMicrophoneEnabled } = useLocalParticipant({ room });
  const [isPending, setIsPending] = useState(true);
  const [problem, setProblem] = useState<string>();

  const apply = useCallback(
    (isOn: boolean) =>
      room.localParticipant
        .setMicrophoneEnabled(isOn)
        .then(
          () => setProblem(undefined),
          (error: unknown) => {
            console.error(error);
            setProblem(describeMicrophoneProblem(error));
          },
        )
        .finally(() => setIsPending(false)),
    [room],
  );

  useEffect(() => {
    void apply(true);
  }, [apply]);

  const set = useCallback(
    (isOn: boolean) => {
      setIsPending(true);
      void apply(isOn);
    },
    [apply],
  );

  return { isOn: isMicrophoneEnabled, isPending, set, ...(problem !== undefined && { problem }) };
}
