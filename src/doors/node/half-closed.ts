import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { pingEvent } from '../../engine/server-sent-events.ts';

/**
 * The delays of the tests whether a client that half-closed its connection is still there: the first
 * after the half-close, the others each after the test before, in milliseconds. Most requests are
 * answered before the first; a client that half-closes during a stream is tested at once. A client that
 * has left resets the connection at the first bytes that it is sent, which the second test finds out.
 */
const firstMs = 100;
const secondMs = 50;
const furtherMs = 1_000;

/**
 * Finds out whether a client that half-closed its connection has left. A client may close its side once
 * its request is sent, and still read the response (RFC 9112, section 9.6). One that has left looks the
 * same until something is sent to it. Before the response begins that is an interim response, of which a
 * client must accept any number (RFC 9110, section 15.2). HTTP/1.0 has no interim responses, so its
 * clients are not tested. A response that has begun and not ended is a stream of events: there it is a
 * comment.
 */
export function watchHalfClosed(socket: Socket, answer: ServerResponse): void {
  ask(socket, answer, answer.headersSent ? 0 : firstMs);
}

function ask(socket: Socket, answer: ServerResponse, delayMs: number): void {
  setTimeout(() => {
    if (socket.destroyed || answer.writableEnded) return;
    // Node buffers what is written to a response before the earlier ones of the connection have ended.
    const isItsTurn = answer.socket === socket;
    if (isItsTurn && answer.headersSent) {
      // A client that is behind has unread data already.
      if (answer.writableLength === 0) answer.write(pingEvent);
    } else if (isItsTurn && answer.req.httpVersion !== '1.0') {
      answer.writeProcessing();
    }
    const isFirst = delayMs === 0 || delayMs === firstMs;
    ask(socket, answer, isFirst ? (isItsTurn ? secondMs : firstMs) : furtherMs);
  }, delayMs).unref();
}
