import fc from 'fast-check';

import { jsonText } from '../support/json-texts.ts';

const insertions = fc.constantFrom(
  ...'{}[]:,"\\/e+-.0 tnu\u0000\u001f\u007f\u00a0\u2028\ufeff'.split(''),
  '\ud800',
  '\\u',
  '{"a":',
  'true',
  '"__proto__":1,',
);

/** JSON texts with one place changed: most are no JSON any more, and some are another. */
export const mutatedText: fc.Arbitrary<string> = fc
  .tuple(jsonText, fc.nat(), fc.nat({ max: 2 }), insertions)
  .map(([text, position, removed, inserted]) => {
    const at = position % (text.length + 1);
    return text.slice(0, at) + inserted + text.slice(at + removed);
  });
