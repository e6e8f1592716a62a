import { providerWords } from './providers';

/** How a visit at a consent page went. */
export interface Outcome {
  words: string;
  isError: boolean;
}

/** Longest text of the server that is shown. */
const LONGEST = 200;

/**
 * Reads what the server added when it sent the browser back: `?success=true&provider=` (`connected=` from the first
 * application's calendar), or `?error=&message=`.
 */
export function readOutcome(search: string): Outcome | undefined {
  const query = new URLSearchParams(search);
  const provider = query.get('connected') === 'calendar' ? 'google-calendar' : query.get('provider');
  const name = provider === null ? 'The service' : providerWords(provider).name;
  if (query.get('success') === 'true') return { words: `${name} is connected.`, isError: false };
  if (!query.has('error')) return undefined;
  const message = query.get('message')?.slice(0, LONGEST).trim() || 'Please try again.';
  return { words: `${name} was not connected. ${message}`, isError: true };
}
