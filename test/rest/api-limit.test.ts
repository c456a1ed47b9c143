import { describe, expect, it } from 'vitest';

import { limitWaitMs } from '../../src/rest/api-limit.ts';

const now = Date.UTC(2025, 0, 1);
const epoch = (seconds: number) => String(now / 1_000 + seconds);
const max = 2_147_483_647;

describe('the wait of an API that gives no Retry-After', () => {
  it.each([
    ['a policy', { ratelimit: '"minute";r=0;t=30' }, 30_000],
    ['the policy that has nothing left', { ratelimit: '"a";r=0;t=2, "b";r=9;t=60' }, 2_000],
    ['the longest of them', { ratelimit: '"a";r=0;t=2, "b";r=0;t=60' }, 60_000],
    ['a policy whose name looks like more', { ratelimit: '"a;t=9, \\"b";r=0;t=2' }, 2_000],
    ['parameters in another order', { ratelimit: 'a ; t=3;r=0;pk=:AA==:' }, 3_000],
    ['a window', { 'x-ratelimit-60s-remaining': '0', 'x-ratelimit-60s-reset': '7' }, 7_000],
    [
      'the window that has nothing left',
      {
        'x-ratelimit-1s-remaining': '0',
        'x-ratelimit-1s-reset': '1',
        'x-ratelimit-60s-remaining': '3',
        'x-ratelimit-60s-reset': '59',
      },
      1_000,
    ],
    [
      'the longest of the windows',
      {
        'x-ratelimit-1s-remaining': '0',
        'x-ratelimit-1s-reset': '1',
        'x-ratelimit-60s-remaining': '0',
        'x-ratelimit-60s-reset': '59',
      },
      59_000,
    ],
    ['seconds since the epoch', { 'x-ratelimit-60s-reset': epoch(12) }, 12_000],
    ['milliseconds since the epoch', { 'x-ratelimit-reset': `${epoch(12)}000` }, 12_000],
    ['a time that has passed', { 'x-ratelimit-60s-reset': epoch(-12) }, 0],
    ['a limit without windows', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4' }, 4_000],
    ['the headers of an earlier draft', { 'ratelimit-reset': '5' }, 5_000],
    ['a fraction, rounded up', { 'x-ratelimit-60s-reset': '0.2' }, 1_000],
    ['a fraction since the epoch', { 'x-ratelimit-60s-reset': `${epoch(1)}.5` }, 1_500],
    ['a billion seconds', { 'x-ratelimit-60s-reset': '1000000000' }, max],
    ['an absurd number', { ratelimit: `"a";r=0;t=${'9'.repeat(400)}` }, max],
  ])('is read from %s', (_, headers, expected) => {
    expect(limitWaitMs(headers, null, now)).toBe(expected);
  });

  it.each([
    ['no headers', {}],
    ['limits that have something left', { ratelimit: '"minute";r=1;t=30' }],
    [
      'a window that has something left',
      { 'x-ratelimit-60s-remaining': '1', 'x-ratelimit-60s-reset': '9' },
    ],
    ['a reset that is no number', { 'x-ratelimit-60s-reset': '1m' }],
    ['a negative reset', { ratelimit: '"minute";r=0;t=-1' }],
    ['a policy without a reset', { ratelimit: '"minute";r=0' }],
    ['quotes that do not end', { ratelimit: `"${'\\"'.repeat(8_000)}` }],
  ])('is a second for %s', (_, headers) => {
    expect(limitWaitMs(headers, null, now)).toBe(1_000);
  });

  it('is not looked for where there is a Retry-After', () => {
    const headers = { 'x-ratelimit-60s-remaining': '0', 'x-ratelimit-60s-reset': '59' };
    expect(limitWaitMs(headers, '2', now)).toBe(2_000);
    expect(limitWaitMs(headers, 'soon', now)).toBe(59_000);
  });
});
