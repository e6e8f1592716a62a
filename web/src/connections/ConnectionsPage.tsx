import { useCallback, useEffect, useState } from 'react';
import { signOut, type Credential } from '../api/account';
import { ConnectionList } from './ConnectionList';
import { SignIn } from './SignIn';
import { keepCredential, keptCredential } from './keptCredential';
import { readOutcome, type Outcome } from './outcome';

const OVER: Outcome = { words: 'Your sign-in is over, or the key is wrong. Sign in again.', isError: true };

/** The page at `/connections`: whoever signs in sees what is connected. */
export function ConnectionsPage() {
  const [credential, setCredential] = useState(keptCredential);
  const [notice, setNotice] = useState(() => readOutcome(window.location.search));

  useEffect(() => {
    // What happened is said once, not again when the page is loaded anew.
    window.history.replaceState(null, '', '/connections');
  }, []);

  const change = useCallback((to: Credential | undefined, say: Outcome | undefined) => {
    keepCredential(to);
    setCredential(to);
    setNotice(say);
  }, []);
  const refused = useCallback(() => change(undefined, OVER), [change]);

  if (!credential) {
    return <SignIn {...(notice && { notice })} onSignedIn={(found) => change(found, undefined)} />;
  }
  return (
    <ConnectionList
      credential={credential}
      {...(notice && { outcome: notice })}
      onRefused={refused}
      onSignOut={() => {
        // It is forgotten here, whatever the server says.
        signOut(credential).catch(() => undefined);
        change(undefined, undefined);
      }}
    />
  );
}
