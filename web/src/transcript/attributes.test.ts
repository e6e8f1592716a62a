import { describe, expect, it } from 'vitest';
import { formatLatency, parseLatencyMs } from './attributes';

describe('parseLatencyMs', () => {
  it('reads whole milliseconds', () => {
    expect(parseLatencyMs('312')).toBe(312);
  });

  it('takes nothing else', () => {
    for (const value of [undefined, '', '-1', '1.5', 'NaN', '99999999', ' 7']) {
      expect(parseLatencyMs(value)).toBeUndefined();
    }
  });
});

describe('formatLatency', () => {
  it('is milliseconds below a second, tenths above', () => {
    expect([0, 999, 1000, 1249].map(formatLatency)).toEqual(['0 ms', '999 ms', '1.0 s', '1.2 s']);
  });
});
