import { useState, type FormEvent } from 'react';
import { signIn, type Credential } from '../api/account';
import { Wordmark } from '../Wordmark';
import type { Outcome } from './outcome';

interface Props {
  notice?: Outcome;
  onSignedIn: (credential: Credential) => void;
}

/** Who wants to see connections: an e-mail and a password, or an API key of the account. */
export function SignIn({ notice, onSignedIn }: Props) {
  const [hasKey, setHasKey] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const shown = problem === undefined ? notice : { words: problem, isError: true };

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isBusy) return;
    const form = new FormData(event.currentTarget);
    const field = (name: string) => {
      const value = form.get(name);
      return typeof value === 'string' ? value : '';
    };
    if (hasKey) {
      onSignedIn({ kind: 'key', secret: field('key').trim() });
      return;
    }
    setIsBusy(true);
    setProblem(undefined);
    signIn(field('email').trim(), field('password'))
      .then(onSignedIn)
      .catch((error: unknown) => {
        setProblem(error instanceof Error ? error.message : String(error));
        setIsBusy(false);
      });
  }

  return (
    <main className="join-view">
      <div className="card">
        <Wordmark />
        <h1>Connections</h1>
        <p className="hint">Sign in to see and change what the agent may use for you.</p>
        {shown && (
          <p
            className={shown.isError ? 'notice notice-error' : 'notice'}
            role={shown.isError ? 'alert' : 'status'}
            data-testid={shown.isError ? 'error' : 'outcome'}
          >
            {shown.words}
          </p>
        )}
        <form className="join-form" onSubmit={submit}>
          {hasKey ? (
            <>
              <label htmlFor="key">API key</label>
              <input id="key" name="key" type="password" autoComplete="off" placeholder="sk_…" required />
            </>
          ) : (
            <>
              <label htmlFor="email">E-mail</label>
              <input id="email" name="email" type="email" autoComplete="username" required />
              <label htmlFor="password">Password</label>
              <input id="password" name="password" type="password" autoComplete="current-password" required />
            </>
          )}
          <button className="button button-primary" type="submit" data-testid="sign-in" aria-disabled={isBusy}>
            {isBusy ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
        <button
          className="link"
          type="button"
          data-testid="other-sign-in"
          onClick={() => {
            setHasKey(!hasKey);
            setProblem(undefined);
          }}
        >
          {hasKey ? 'Use e-mail and password' : 'Use an API key'}
        </button>
      </div>
    </main>
  );
}
