import { describe, expect, it } from 'vitest';

import { JsonObjectScalar } from '../../../src/schema/scalars/index.ts';
import { echo } from './echo.ts';

const document = 'query ($value: JSONObject) { echo(value: $value) }';

describe('JSONObject', () => {
  it.each(['{}', '{"a":{"b":[1]},"__proto__":{"c":1}}', '{"b":1e400,"2":0,"1":12.50}'])(
    'gives back %s as it came',
    async (text) => {
      const { data, errors } = await echo(JsonObjectScalar, document, `{"value":${text}}`);
      expect({ data, errors }).toEqual({ data: text, errors: [] });
    },
  );

  it('takes literals', async () => {
    const { data } = await echo(JsonObjectScalar, '{ echo(value: { n: 1e400, __proto__: [] }) }');
    expect(data).toBe('{"n":1e400,"__proto__":[]}');
  });

  it.each([
    ['[{}]', 'an array'],
    ['[1e400]', 'an array'],
    ['1e400', 'a number'],
    ['"{}"', 'a string'],
    ['5', 'a number'],
    ['true', 'a boolean'],
  ])('says that %s is no object', async (text, kind) => {
    const { errors } = await echo(JsonObjectScalar, document, `{"value":${text}}`);
    expect(errors).toEqual([
      expect.stringContaining(`JSONObject must be an object, such as {"step": 3}, not ${kind}.`),
    ]);
  });

  it('says so of literals too', async () => {
    const { errors } = await echo(JsonObjectScalar, '{ echo(value: ["a"]) }');
    expect(errors).toEqual(['JSONObject must be an object, such as { step: 3 }.']);
  });

  it.each(['{"a":1}', '{ "b":1e400, "2":[] }'])('gives resolvers the text of %s', async (text) => {
    expect((await echo(JsonObjectScalar, document, `{"value":${text}}`)).seen).toMatchObject({
      text,
    });
  });
});
