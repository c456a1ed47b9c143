import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  keyOf,
  operationNames,
  runAll,
  type OperationName,
  type Result,
} from '../support/operations.ts';
import type { Answer } from '../support/upstream-exchange.ts';
import {
  answerBodies,
  secrets,
  wordsShown,
  type AnswerBody,
  type AnswerBodyName,
} from './answer-bodies.ts';

interface Row {
  readonly member: string;
  readonly code: string;
  readonly retryable?: boolean;
}

const failed = { member: 'Upstream', code: 'UPSTREAM_FAILED', retryable: true };
const unknown = { member: 'Upstream', code: 'UPSTREAM_FAILED', retryable: false };
const timedOut = { member: 'Upstream', code: 'UPSTREAM_TIMEOUT', retryable: true };
const unavailable = { member: 'Upstream', code: 'UPSTREAM_UNAVAILABLE', retryable: true };
const invalid = { member: 'Input', code: 'INVALID_INPUT' };
const conflict = { member: 'Conflict', code: 'CONFLICT' };

/** Every other status is `unknown`. */
const rows: Readonly<Record<number, Row>> = {
  400: invalid,
  403: { member: 'Forbidden', code: 'FORBIDDEN' },
  404: { member: 'NotFound', code: 'NOT_FOUND' },
  408: timedOut,
  409: conflict,
  412: conflict,
  413: invalid,
  422: invalid,
  429: { member: 'RateLimit', code: 'RATE_LIMITED' },
  500: failed,
  502: failed,
  503: unavailable,
  504: timedOut,
};

const successMembers: Readonly<Record<OperationName, string>> = {
  fetch: 'AiExecutionContext',
  list: 'ExecutionContextPage',
  create: 'AiExecutionContext',
  update: 'AiExecutionContext',
  delete: 'DeletedExecutionContext',
};

const all = Array.from({ length: 400 }, (_, i) => 200 + i);
const telling = [
  ...[200, 201, 202, 204, 206, 299, 300, 301, 302, 303, 304, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 418],
  ...[421, 422, 423, 425, 426, 428, 429, 431, 451, 499],
  ...[500, 501, 502, 503, 504, 505, 507, 511, 520, 524, 599],
];
/** Two operations meet all there is, the others what tells them apart; a huge body takes its time. */
function statusesFor(operation: OperationName, body: AnswerBodyName): readonly number[] {
  return (operation === 'fetch' || operation === 'update') && body !== 'huge' ? all : telling;
}

const keyFor = (status: number, body: string) => `${status}-${body}`;
const bodyNames = Object.keys(answerBodies) as AnswerBodyName[];

/** Answers a request as its key says. */
const answerByKey: Answer = ({ request, response }) => {
  const [status = '', body = ''] = keyOf(request).split(/-(.*)/);
  const { text, contentType }: AnswerBody = answerBodies[body as AnswerBodyName];
  const hasBody = status !== '204' && status !== '304';
  response.writeHead(Number(status), {
    'content-type': contentType,
    location: 'http://internal-host/elsewhere',
  });
  response.end(hasBody ? text(request) : undefined);
};

const nothing: Result = { __typename: 'nothing' };

/** An answer in short, so that a whole table of them compares in one go. */
function summarise({ __typename, code, retryable, status, message }: Result) {
  if (code === undefined) return { member: __typename };
  return {
    member: __typename.replace(/^ExecutionContext(.*)Error$/, '$1'),
    code,
    ...(typeof retryable === 'boolean' && { retryable, status }),
    says: message === wordsShown ? 'words of the API' : 'words of ours',
    doubt: String(message).includes('may have been applied'),
  };
}

function expected(operation: OperationName, status: number, bodyName: AnswerBodyName): object {
  const isSuccess = status >= 200 && status < 300;
  if (operation === 'delete' ? status === 200 || status === 204 : false) {
    return { member: successMembers.delete };
  }
  if (operation !== 'delete' && isSuccess && status !== 204 && bodyName === 'context') {
    return { member: successMembers[operation] };
  }
  const { member, code, retryable } = rows[status] ?? unknown;
  const writes = operation !== 'fetch' && operation !== 'list';
  const isOfUpstream = retryable !== undefined;
  return {
    member,
    code,
    ...(isOfUpstream && { retryable: retryable && operation !== 'create', status }),
    says: !isOfUpstream && answerBodies[bodyName].speaks ? 'words of the API' : 'words of ours',
    doubt: writes && (isSuccess || status >= 500 || status === 408),
  };
}

describe('every status the API may answer with', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
    gateway.upstream.always(answerByKey);
  });
  afterAll(() => gateway.close());

  it.each(operationNames)(
    'becomes one member of the union of %s, whatever the body',
    async (operation) => {
      const cases = bodyNames.flatMap((body) =>
        statusesFor(operation, body).map((status) => ({ status, body, key: keyFor(status, body) })),
      );
      const results = await runAll(
        gateway,
        operation,
        cases.map(({ key }) => key),
      );
      const answered = cases.map(({ key }) => [key, summarise(results.get(key) ?? nothing)]);
      expect(Object.fromEntries(answered)).toEqual(
        Object.fromEntries(
          cases.map(({ status, body, key }) => [key, expected(operation, status, body)]),
        ),
      );
      for (const { message = '' } of results.values()) {
        expect(message.length).toBeLessThanOrEqual(500);
        for (const secret of secrets) expect(message).not.toContain(secret);
      }
    },
    60_000,
  );
});
