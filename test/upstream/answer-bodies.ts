import type { RecordedRequest } from '../support/upstream-exchange.ts';
import { keyOf } from '../support/operations.ts';

/** What the API says in an error body, and how it must come out: on one line. */
export const wordsSent = 'Says the\r\n  API,\u2028 in its\town words \u0000 ';
export const wordsShown = 'Says the API, in its own words';

/** What only the inside may know; none of it may ever reach a client. */
export const secrets = ['internal-host', 'nginx', 'sk_live_', 'server.js', '<'];

const insides =
  '<html><h1>nginx</h1> http://internal-host:8080 sk_live_123\n  at Object.<anonymous> (/srv/server.js:1:1)';

export interface AnswerBody {
  readonly text: (request: RecordedRequest) => string;
  readonly contentType: string;
  /** Whether the API's own words can be read from it. */
  readonly speaks: boolean;
}

const huge = insides.padEnd(2_000_000, '<p>');
const json = 'application/json; charset=utf-8';
const envelope = { errors: [{ message: wordsSent, code: 400 }], trace: insides };

/** Every kind of body that an API, or a proxy in front of it, may answer with. */
export const answerBodies = {
  envelope: { text: () => JSON.stringify(envelope), contentType: json, speaks: true },
  'sdk-style': {
    text: () => JSON.stringify({ message: wordsSent, code: 'BAD', details: insides }),
    contentType: json,
    speaks: true,
  },
  'wrong-type': { text: () => JSON.stringify(envelope), contentType: 'text/html', speaks: true },
  html: { text: () => insides, contentType: 'text/html', speaks: false },
  empty: { text: () => '', contentType: json, speaks: false },
  truncated: {
    text: () => JSON.stringify(envelope).slice(0, -20),
    contentType: json,
    speaks: false,
  },
  huge: { text: () => huge, contentType: 'text/html', speaks: false },
  context: {
    text: (request) => JSON.stringify(contextFor(request)),
    contentType: json,
    speaks: false,
  },
} as const satisfies Record<string, AnswerBody>;

export type AnswerBodyName = keyof typeof answerBodies;

/** What was asked for: a page where a list was, else a context with the id in the path. */
function contextFor(request: RecordedRequest): object {
  const isList = request.method === 'GET' && request.path.includes('?');
  const context = { id: keyOf(request), trace: insides };
  return isList ? { data: [context], has_more: false } : context;
}
