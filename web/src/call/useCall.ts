import { useCallback, useState } from 'react';
import { describeEnding, type Ending } from './ending';
import { openCall, type Call, type CallRequest } from './openCall';

export type Phase =
  | { name: 'idle'; ending?: Ending; lastCall?: Call }
  | { name: 'joining' }
  | { name: 'in-call'; call: Call };

/** The page is in one call at most; this is where it is in it. */
export function useCall() {
  const [phase, setPhase] = useState<Phase>({ name: 'idle' });

  const join = useCallback(async (request: CallRequest) => {
    setPhase({ name: 'joining' });
    try {
      const call = await openCall(request, (reason) => {
        setPhase({ name: 'idle', ending: describeEnding(reason), lastCall: call });
      });
      setPhase({ name: 'in-call', call });
    } catch (error) {
      const words = error instanceof Error ? error.message : 'Something went wrong. Try again.';
      setPhase({ name: 'idle', ending: { words, isError: true } });
    }
  }, []);

  return { phase, join };
}
