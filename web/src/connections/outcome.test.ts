import { describe, expect, it } from 'vitest';
import { readOutcome } from './outcome';

describe('readOutcome', () => {
  it('says what was connected', () => {
    expect(readOutcome('?success=true&provider=gmail')).toEqual({
      words: 'Gmail is connected.',
      isError: false,
    });
    expect(readOutcome('?success=true&connected=calendar')?.words).toBe(
      'Google Calendar is connected.',
    );
  });

  it('says why nothing was', () => {
    const query = '?error=access_denied&message=You+did+not+allow+it.&provider=slack';
    expect(readOutcome(query)).toEqual({
      words: 'Slack was not connected. You did not allow it.',
      isError: true,
    });
    expect(readOutcome('?error=x')?.words).toBe('The service was not connected. Please try again.');
    expect(readOutcome(`?error=x&message=${'a'.repeat(999)}`)?.words.length).toBeLessThan(300);
  });

  it('has nothing to say of other visits', () => {
    expect(readOutcome('')).toBeUndefined();
    expect(readOutcome('?success=false')).toBeUndefined();
  });
});
