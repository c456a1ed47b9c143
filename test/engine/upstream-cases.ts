import type { Upstream } from '../support/upstream.ts';
import type { Answer } from '../support/upstream-exchange.ts';
import {
  applyThen,
  gzipBomb,
  hangUp,
  hugeBody,
  informational,
  invalidHttp,
  passThrough,
  redirect,
  reply,
  replyError,
  reset,
  resetMidBody,
  sequence,
  truncatedJson,
} from '../support/upstream-faults.ts';
import { ask, create, list, merge, read, remove, update } from './cases.ts';
import type { RawRequest } from './raw-http.ts';

/** Each operation, for all that the API may do to it. */
export const everyRequest: readonly (readonly [string, RawRequest])[] = [
  ['fetch', ask(read, { id: 'ctx_1' })],
  ['list', ask(list)],
  ['create', ask(create, { input: { agentId: 'a' } })],
  ['update', ask(update, { id: 'ctx_1', input: { context: { step: 2 } } })],
  ['merge', ask(merge, { id: 'ctx_1', input: { patch: { step: 2 } } })],
  ['delete', ask(remove, { id: 'ctx_1' })],
];

/** Answers of an API that works, which the circuit does not count. */
export const answers: readonly (readonly [string, () => Answer])[] = [
  ...[204, 302, 304, 400, 401, 403, 404, 408, 409, 410, 412, 413, 418, 422, 500, 501, 599].map(
    (status): [string, () => Answer] => [
      `HTTP ${status}`,
      () => ([204, 304].includes(status) ? reply(status) : replyError(status, `é ${status}\nline`)),
    ],
  ),
  ['HTTP 400 without words', () => reply(400, 'nothing')],
  ['HTTP 429 with Retry-After', () => reply(429, { message: 'Slow.' }, { 'retry-after': '7' })],
  ['HTTP 429 without', () => replyError(429, 'Slow.')],
  ['a redirect', () => redirect('http://127.0.0.1:1/')],
  ['half of a body', () => truncatedJson()],
  ['a list in place of an object', () => reply(200, '[]')],
  ['another id', () => reply(200, { id: 'other' })],
  ['an id that is a number', () => reply(200, { id: 7 })],
  ['keys of other types', () => reply(200, { id: 'ctx_1', agent_id: 1 })],
  ['a date that is none', () => reply(200, { id: 'ctx_1', created_at: 'yesterday' })],
  ['129 levels', () => reply(200, `{"id":"ctx_1","context":${'['.repeat(129)}${']'.repeat(129)}}`)],
  [
    'keys twice, escapes, and what a double does not hold',
    () =>
      reply(
        200,
        '\ufeff {"\\u0069d":"ctx_1","context":1,"context":{"b": 1.50,"a":[1e400,"\\ud83d"],"b":2},"more":{}} ',
      ),
  ],
  [
    'bytes beyond ASCII',
    () => reply(200, '{"id":"ctx_1","session_id":"é☕","context":"\u{1f642}"}'),
  ],
  ['a large body', () => hugeBody(200_000)],
  ['a compressed body', () => gzipBomb(1_000)],
  ['an informational answer first', () => informational(103, reply(200, { id: 'ctx_1' }))],
];

/** What the circuit counts: each is shown to gateways of its own. */
export const troubles: readonly (readonly [string, (upstream: Upstream) => void])[] = [
  ...[502, 503, 504].flatMap((status): (readonly [string, (upstream: Upstream) => void])[] => [
    [
      `HTTP ${status} once`,
      (upstream) => {
        upstream.next(replyError(status, 'no'));
      },
    ],
    [
      `HTTP ${status} always`,
      (upstream) => {
        upstream.always(replyError(status, 'no'));
      },
    ],
  ]),
  ...(
    [
      ['a reset', reset()],
      ['a hang-up', hangUp()],
      ['a reset after the work was done', applyThen(reset())],
      ['a reset in the body', resetMidBody()],
      ['bytes that are no HTTP', invalidHttp()],
    ] as const
  ).flatMap(([name, answer]): (readonly [string, (upstream: Upstream) => void])[] => [
    [
      name,
      (upstream) => {
        upstream.always(answer);
      },
    ],
    [
      `${name}, once`,
      (upstream) => {
        upstream.always(sequence(answer, passThrough()));
      },
    ],
  ]),
];
