import { gzipSync } from 'node:zlib';

import type { Answer, ApiAnswer, Exchange } from './upstream-exchange.ts';

const json = { 'content-type': 'application/json' };

function send({ response }: Exchange, { status, headers, body }: ApiAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

/** What the in-memory API answers. */
export function passThrough(): Answer {
  return async (exchange) => {
    send(exchange, await exchange.api());
  };
}

/**
 * A whole answer. A string goes out as it is, anything else as JSON; `undefined` is an empty body.
 *
 * @param headers - Laid over `content-type: application/json`.
 */
export function reply(
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return (exchange) => {
    send(exchange, {
      status,
      headers: text === '' ? headers : { ...json, ...headers },
      body: text,
    });
  };
}

/** The API's own error envelope. */
export function replyError(status: number, message: string): Answer {
  return reply(status, { errors: [{ message, code: status }] });
}

/** Redirects, to a place that should never be asked. */
export function redirect(location: string, status = 302): Answer {
  return reply(status, undefined, { location });
}

/** Never answers. */
export function hang(): Answer {
  return () => undefined;
}

/** Resets the connection (RST) before any byte of an answer. */
export function reset(): Answer {
  return ({ socket }) => {
    socket.resetAndDestroy();
  };
}

/** Closes the connection in an orderly way (FIN) before any byte of an answer. */
export function hangUp(): Answer {
  return ({ socket }) => {
    socket.end();
  };
}

/** The keep-alive race: a reused connection is closed unanswered, a fresh one gets `answer`. */
export function hangUpWhenReused(answer: Answer = passThrough()): Answer {
  return (exchange) =>
    exchange.request.ordinalOnConnection > 1 ? hangUp()(exchange) : answer(exchange);
}

/** Lets the API do its work (a write is applied), and then fails. */
export function applyThen(fault: Answer): Answer {
  return async (exchange) => {
    await exchange.api();
    await fault(exchange);
  };
}

/** Sends the status, the headers and some of the body, then resets the connection. */
export function resetMidBody(sent = '{"id":"ctx_1","context":{"st'): Answer {
  return ({ response, socket }) => {
    response.writeHead(200, { ...json, 'content-length': String(sent.length + 100) });
    response.write(sent, () => {
      socket.resetAndDestroy();
    });
  };
}

/** A complete HTTP answer whose JSON stops in the middle. */
export function truncatedJson(status = 200): Answer {
  return reply(status, '{"id":"ctx_1","context":{"st');
}

/** A body that comes a space at a time, for ever. */
export function dripBody({ everyMs = 10, status = 200 } = {}): Answer {
  return ({ response, gone }) => {
    response.writeHead(status, json);
    response.write('{"id":');
    const timer = setInterval(() => response.write(' '), everyMs);
    gone.addEventListener('abort', () => {
      clearInterval(timer);
    });
  };
}

/** Response headers that come one at a time, for ever. */
export function dripHeaders({ everyMs = 10 } = {}): Answer {
  return ({ socket, gone }) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write('x: y\r\n'), everyMs);
    gone.addEventListener('abort', () => {
      clearInterval(timer);
    });
  };
}

/** A valid context of at least `bytes` bytes. */
export function hugeBody(bytes: number): Answer {
  return reply(200, { id: 'ctx_1', context: 'x'.repeat(bytes) });
}

/** A valid context of at least `bytes` bytes that travels as a few, gzipped. */
export function gzipBomb(bytes: number): Answer {
  const body = gzipSync(JSON.stringify({ id: 'ctx_1', context: 'x'.repeat(bytes) }));
  return ({ response }) => {
    response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(body);
  };
}

/** An informational (1xx) answer, and then the real one. */
export function informational(status: number, answer: Answer = passThrough()): Answer {
  return (exchange) => {
    exchange.socket.write(`HTTP/1.1 ${status} Informational\r\n\r\n`);
    return answer(exchange);
  };
}

/** These bytes on the socket, and its end. */
export function raw(bytes: string | Uint8Array): Answer {
  return ({ socket }) => {
    socket.end(bytes);
  };
}

/** Bytes that are no HTTP. */
export function invalidHttp(): Answer {
  return raw('SSH-2.0-OpenSSH_9.2\r\n');
}

/** The answers in turn; the last one stays. */
export function sequence(first: Answer, ...rest: readonly Answer[]): Answer {
  const answers = [first, ...rest];
  return (exchange) =>
    (answers.length > 1 ? (answers.shift() ?? first) : (answers[0] ?? first))(exchange);
}
