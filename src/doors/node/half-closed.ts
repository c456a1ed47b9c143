import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { pingEvent } from '../../engine/server-sent-events.ts';

/**
 * When a client whose side of the connection is closed is asked whether it is still there, in
 * milliseconds after that, or after the time before. Most requests are answered before the first;
 * who closes while a stream comes is asked at once. A client that is gone resets the connection at
 * what it is sent, and the next time finds that out.
 */
const firstMs = 100;
const secondMs = 50;
const furtherMs = 1_000;

/**
 * A client may close its side of the connection once its request is sent, and still read the answer
 * (RFC 9112, section 9.6). One that has left looks the same, and nothing but sending tells them
 * apart. Until the answer begins that is an interim response, which clients take any number of
 * (RFC 9110, section 15.2), but for those of HTTP/1.0, which know none and are not asked. What has
 * begun and not ended is a stream of events, where it is a comment.
 */
export function watchHalfClosed(socket: Socket, answer: ServerResponse): void {
  ask(socket, answer, answer.headersSent ? 0 : firstMs);
}

function ask(socket: Socket, answer: ServerResponse, delayMs: number): void {
  setTimeout(() => {
    if (socket.destroyed || answer.writableEnded) return;
    // Before it is its turn, what is written would be kept.
    const isItsTurn = answer.socket === socket;
    if (isItsTurn && answer.headersSent) {
      // Whoever is behind has enough to read.
      if (answer.writableLength === 0) answer.write(pingEvent);
    } else if (isItsTurn && answer.req.httpVersion !== '1.0') {
      answer.writeProcessing();
    }
    const isFirst = delayMs === 0 || delayMs === firstMs;
    ask(socket, answer, isFirst ? (isItsTurn ? secondMs : firstMs) : furtherMs);
  }, delayMs).unref();
}
