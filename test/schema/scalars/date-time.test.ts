import { describe, expect, it } from 'vitest';

import { DateTimeScalar } from '../../../src/schema/scalars/index.ts';
import { echo } from './echo.ts';

const document = 'query ($value: DateTime) { echo(value: $value) }';

describe('DateTime', () => {
  it.each(['2024-01-02T03:04:05.123456789+05:30', '2024-01-02t03:04:05z', '1990-12-31T23:59:60Z'])(
    'gives back %s digit by digit',
    async (text) => {
      const expected = { data: JSON.stringify(text), errors: [], seen: text };
      expect(await echo(DateTimeScalar, document, JSON.stringify({ value: text }))).toEqual(
        expected,
      );
      expect(await echo(DateTimeScalar, `{ echo(value: "${text}") }`)).toEqual(expected);
    },
  );

  it.each(['"2023-02-29T00:00:00Z"', '"yesterday"', '1700000000000', '{}'])(
    'refuses %s, saying what it expects',
    async (text) => {
      const expected = [
        expect.stringContaining(
          'DateTime must be an RFC 3339 date-time in a string, such as "2007-12-03T10:15:30Z"',
        ),
      ];
      expect((await echo(DateTimeScalar, document, `{"value":${text}}`)).errors).toEqual(expected);
      expect((await echo(DateTimeScalar, `{ echo(value: ${text}) }`)).errors).toEqual(expected);
    },
  );

  it('refuses to write anything but text', () => {
    expect(() => DateTimeScalar.serialize(new Date(0))).toThrow('DateTime must be a string');
  });
});
