import { keyOf, type OperationName, type Result } from '../support/operations.ts';
import type { Answer } from '../support/upstream-exchange.ts';
import {
  dripBody,
  dripHeaders,
  gzipBomb,
  hang,
  hangUp,
  hangUpWhenReused,
  informational,
  invalidHttp,
  raw,
  redirect,
  reply,
  replyError,
  reset,
  resetMidBody,
  truncatedJson,
} from '../support/upstream-faults.ts';

/** The part of a result that tells what became of a call. */
export type Outcome = Partial<Pick<Result, '__typename' | 'code' | 'retryable' | 'source'>>;

/** A way in which the API misbehaves, and all that a call may then be answered with. */
export interface Fault {
  readonly name: string;
  readonly answer: Answer;
  readonly outcomes: (operation: OperationName) => readonly Outcome[];
}

const successes: Readonly<Record<OperationName, Outcome>> = {
  fetch: { __typename: 'AiExecutionContext' },
  list: { __typename: 'ExecutionContextPage' },
  create: { __typename: 'AiExecutionContext' },
  update: { __typename: 'AiExecutionContext' },
  delete: { __typename: 'DeletedExecutionContext' },
};

export const success = (operation: OperationName): Outcome => successes[operation];

const upstreamError =
  (code: string, retryable: boolean) =>
  (operation: OperationName): Outcome => ({
    __typename: 'ExecutionContextUpstreamError',
    code,
    retryable: retryable && operation !== 'create',
  });

const refused = (name: string) => (): Outcome => ({ __typename: `ExecutionContext${name}Error` });

export const lost = upstreamError('UPSTREAM_FAILED', true);
export const late = upstreamError('UPSTREAM_TIMEOUT', true);
const malformed = upstreamError('UPSTREAM_FAILED', false);
const malformedUnlessDeleted = (operation: OperationName) =>
  operation === 'delete' ? success(operation) : malformed(operation);

/** What a call is answered with that never left: to repeat it is safe, whatever it was. */
export const neverSent: Outcome = {
  __typename: 'ExecutionContextUpstreamError',
  code: 'UPSTREAM_UNAVAILABLE',
  retryable: true,
};

function fault(
  name: string,
  answer: Answer,
  ...outcomes: readonly ((operation: OperationName) => Outcome)[]
): Fault {
  return { name, answer, outcomes: (operation) => outcomes.map((of) => of(operation)) };
}

/** What an API without any fault answers, whatever it is asked for. */
const whole: Answer = (exchange) => {
  const { method, path } = exchange.request;
  const context = { id: keyOf(exchange.request), context: { step: 1 } };
  const isList = method === 'GET' && path.includes('?');
  const answer = method === 'DELETE' ? reply(204) : reply(200, isList ? page(context) : context);
  return answer(exchange);
};

const page = (context: object) => ({ data: [context], has_more: false });

/** A body without end or announced length, as fast as it is taken. */
const flood: Answer = ({ response, gone }) => {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  const pour = () => {
    while (!gone.aborted && response.write(chunk));
  };
  response.on('drain', pour).writeHead(200, { 'content-type': 'application/json' });
  pour();
};

/** A body of whose many bytes the first are sent. */
function announced(bytes: number): Answer {
  return ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes });
    response.write('{"id":');
  };
}

const http = (...lines: readonly string[]) => raw(lines.join('\r\n'));

const connectionFaults: readonly Fault[] = [
  fault('no fault', whole, success),
  fault('an informational answer first', informational(103, whole), success),
  // A retried read can meet another connection that was used before; a write is never repeated.
  fault('the keep-alive race', hangUpWhenReused(whole), success, lost),
  fault('a reset', reset(), lost),
  fault('a hang-up', hangUp(), lost),
  fault('a reset in the body', resetMidBody(), lost),
  fault(
    'less of a body than announced',
    http('HTTP/1.1 200 OK', 'content-length: 100', '', '{"id":"x"}'),
    lost,
  ),
  fault('bytes that are no HTTP', invalidHttp(), lost),
  fault('a final 1xx', http('HTTP/1.1 103 Early Hints', '', ''), lost),
  fault(
    'an upgrade nobody asked for',
    http('HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: x', '', ''),
    lost,
  ),
  fault('no answer', hang(), late),
  fault('a slow body', dripBody(), late),
  fault('slow headers', dripHeaders(), late),
  fault('a body without end', flood, malformedUnlessDeleted, late),
  fault('a redirect', redirect('http://127.0.0.1:1/elsewhere', 307), malformed),
  fault('half of a body', truncatedJson(), malformedUnlessDeleted),
  fault('a body beyond all bounds', announced(17 * 1024 * 1024), malformedUnlessDeleted),
  fault('a compressed bomb', gzipBomb(32 * 1024 * 1024), malformedUnlessDeleted),
  fault('something else', reply(200, ['neither a context nor a page']), malformedUnlessDeleted),
  // The API gives the id of a new context, so any will do.
  fault('another id', reply(200, { id: 'another' }), (operation) =>
    operation === 'create' ? success(operation) : malformedUnlessDeleted(operation),
  ),
];

/** What a status means, by its own words in the documentation; any other one is not understood. */
const statuses: Readonly<Record<number, (operation: OperationName) => Outcome>> = {
  400: refused('Input'),
  403: refused('Forbidden'),
  404: refused('NotFound'),
  408: late,
  409: refused('Conflict'),
  410: refused('NotFound'),
  412: refused('Conflict'),
  413: refused('Input'),
  422: refused('Input'),
  429: () => ({ __typename: 'ExecutionContextRateLimitError', source: 'UPSTREAM' }),
  500: lost,
  502: lost,
  503: upstreamError('UPSTREAM_UNAVAILABLE', true),
  504: late,
};

const bodyless = new Set([204, 205, 304]);

function statusFault(status: number): Fault {
  const answer = bodyless.has(status) ? reply(status) : replyError(status, 'no');
  const deleted = [200, 202, 204, 205].includes(status);
  const outcome = statuses[status] ?? (deleted ? malformedUnlessDeleted : malformed);
  return fault(`HTTP ${status}`, answer, outcome);
}

const statusFaults = Array.from({ length: 400 }, (_, i) => statusFault(200 + i));

/** Every fault but one that has to do with all connections at once: an API that is down. */
export const faults: readonly Fault[] = [...connectionFaults, ...statusFaults];

/** One of each kind: statuses without a meaning of their own stand for each other. */
export const faultKinds: readonly Fault[] = [
  ...connectionFaults,
  ...[...Object.keys(statuses).map(Number), 200, 202, 204, 304, 401, 418, 501, 599].map(
    statusFault,
  ),
];
