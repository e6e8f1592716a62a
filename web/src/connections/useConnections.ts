import { useCallback, useEffect, useState } from 'react';
import type { Credential } from '../api/account';
import { consentPage, disconnect, listConnections, type Connection } from '../api/connections';
import { ApiError } from '../api/request';

/** The account's connections, and what can be done about them. `onRefused`: the credential is not good any more. */
export function useConnections(credential: Credential, onRefused: () => void) {
  const [connections, setConnections] = useState<Connection[]>();
  /** The provider that something is being done about. */
  const [busyWith, setBusyWith] = useState<string>();
  const [problem, setProblem] = useState<string>();

  const failed = useCallback(
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 401) onRefused();
      else setProblem(error instanceof Error ? error.message : String(error));
    },
    [onRefused],
  );

  useEffect(() => {
    let isWanted = true;
    listConnections(credential).then(
      (found) => isWanted && setConnections(found),
      (error: unknown) => isWanted && failed(error),
    );
    return () => {
      isWanted = false;
    };
  }, [credential, failed]);

  const run = useCallback(
    (provider: string, work: () => Promise<void>) => {
      setBusyWith(provider);
      setProblem(undefined);
      work()
        .catch(failed)
        .finally(() => setBusyWith(undefined));
    },
    [failed],
  );

  /** Leaves this page for the provider's. */
  const connect = useCallback(
    (provider: string) =>
      run(provider, async () => {
        const returnTo = `${window.location.origin}/connections`;
        window.location.assign(await consentPage(credential, provider, returnTo));
      }),
    [credential, run],
  );

  const end = useCallback(
    (provider: string) =>
      run(provider, async () => {
        await disconnect(credential, provider);
        setConnections(await listConnections(credential));
      }),
    [credential, run],
  );

  return { connections, busyWith, problem, connect, end };
}
