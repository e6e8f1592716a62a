import { describe, expect, it } from 'vitest';
import { describeMicrophoneProblem } from './microphoneProblem';

describe('describeMicrophoneProblem', () => {
  const named = (name: string) => Object.assign(new Error('internal words'), { name });

  it('tells the causes apart', () => {
    expect(describeMicrophoneProblem(named('NotAllowedError'))).toMatch(/address bar/);
    expect(describeMicrophoneProblem(named('NotFoundError'))).toMatch(/No microphone/);
    expect(describeMicrophoneProblem(named('NotReadableError'))).toMatch(/another program/);
    expect(describeMicrophoneProblem(named('DeviceUnsupportedError'))).toMatch(/https/);
  });

  it('always says that typing works, and never shows the internal words', () => {
    for (const error of [named('NotFoundError'), named('Whatever'), 'text', undefined]) {
      expect(describeMicrophoneProblem(error)).toMatch(/still type/);
      expect(describeMicrophoneProblem(error)).not.toMatch(/internal/);
    }
  });
});
