import { describe, expect, it } from 'vitest';

import { limitWaitMs } from '../../src/rest/api-limit.ts';
import { retryAfterMs } from '../../src/rest/retry-after.ts';

const now = Date.UTC(2025, 0, 1, 0, 0, 0);
const max = 2_147_483_647;

describe('the wait that a Retry-After header asks for', () => {
  it.each([
    ['whole seconds', '30', 30_000],
    ['none', '0', 0],
    ['leading zeros', '007', 7_000],
    ['spaces around', ' 2 ', 2_000],
    ['the longest wait there is', '2147483', 2_147_483_000],
    ['more than an Int holds', '2147484', max],
    ['a fraction, rounded up', '1.5', 2_000],
    ['a fraction of a second', '0.001', 1_000],
    ['a fraction of nothing', '2.0', 2_000],
    ['an absurd number', '9'.repeat(400), max],
    ['an IMF date', 'Wed, 01 Jan 2025 00:00:30 GMT', 30_000],
    ['an RFC 850 date', 'Wednesday, 01-Jan-25 00:00:30 GMT', 30_000],
    ['an asctime date', 'Wed Jan  1 00:00:30 2025', 30_000],
    ['an asctime date of two digits', 'Fri Jan 10 00:00:00 2025', 9 * 86_400_000],
    ['a date that has passed', 'Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['a date far away', 'Fri, 01 Jan 2100 00:00:00 GMT', max],
  ])('is read from %s', (_, header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });

  it.each([
    ['no header', null],
    ['nothing', ''],
    ['a word', 'soon'],
    ['half of a fraction', '1.'],
    ['the other half', '.5'],
    ['a comma', '1,5'],
    ['a negative number', '-5'],
    ['a sign', '+5'],
    ['an exponent', '1e3'],
    ['a hexadecimal number', '0x10'],
    ['a unit', '5s'],
    ['a list', '5, 6'],
    ['an ISO date', '2025-01-01T00:00:30Z'],
    ['a date without a time', 'Wed, 01 Jan 2025'],
    ['a date in another zone', 'Wed, 01 Jan 2025 00:00:30 CET'],
    ['a date that is none', 'Wed, 41 Jan 2025 00:00:30 GMT'],
    ['a month that is none', 'Wed, 01 Foo 2025 00:00:30 GMT'],
  ])('is a second for %s', (_, header) => {
    expect(retryAfterMs(header, now)).toBeNull();
    expect(limitWaitMs({}, header, now)).toBe(1_000);
  });
});
