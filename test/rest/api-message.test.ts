import { describe, expect, it } from 'vitest';

import { apiMessage } from '../../src/rest/api-message.ts';

const envelope = (message: unknown) => JSON.stringify({ errors: [{ message, code: 400 }] });

describe("the API's own words", () => {
  it.each([
    ['an envelope', envelope('Wrong.'), 'Wrong.'],
    ['the first of several errors', '{"errors":[{"message":"a"},{"message":"b"}]}', 'a'],
    ['a bare message', '{"message":"Wrong.","code":"BAD","details":{}}', 'Wrong.'],
    ['an envelope before a bare message', '{"message":"b","errors":[{"message":"a"}]}', 'a'],
    ['a bare message beside an empty envelope', '{"message":"b","errors":[]}', 'b'],
    ['a bare message beside an envelope of nothing', '{"message":"b","errors":[null]}', 'b'],
    ['problem details', '{"type":"about:blank","title":"Bad","detail":"Wrong."}', 'Wrong.'],
    ['a bare message before details', '{"detail":"b","message":"a"}', 'a'],
    ['lines, tabs and controls as one line', envelope('a\r\n\tb\u0000\u0085\u2028c'), 'a b c'],
    ['half of a surrogate pair replaced', '{"message":"a\\ud83d"}', 'a\uFFFD'],
    ['space before the body', `\n ${envelope('Wrong.')}`, 'Wrong.'],
  ])('are read from %s', (_, body, words) => {
    expect(apiMessage(body)).toBe(words);
  });

  it.each([
    ['no body', null],
    ['an empty body', ''],
    ['HTML', '<html>message</html>'],
    ['plain text', 'message'],
    ['half of a body', '{"message":"a"'],
    ['a list', '[{"message":"a"}]'],
    ['a string', '"message"'],
    ['a message that is no string', '{"message":{"a":1}}'],
    ['a message that is empty', envelope('')],
    ['a message of blanks', envelope(' \n ')],
    ['the title of a problem, which is the same for all of its kind', '{"title":"Bad Request"}'],
    ['details that are no string', '{"detail":["a"]}'],
    ['errors that are no list', '{"errors":{"message":"a"}}'],
  ])('are not to be had from %s', (_, body) => {
    expect(apiMessage(body)).toBeNull();
  });

  it('are cut to five hundred characters, never within one', () => {
    expect(apiMessage(envelope('x'.repeat(501)))).toBe('x'.repeat(500));
    expect(apiMessage(envelope(`${'x'.repeat(499)}😀`))).toBe('x'.repeat(499));
  });
});
