import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * When a client whose side of the connection is closed is asked whether it is still there, in
 * milliseconds after that, or after the time before. Most requests are answered before the first.
 * A client that is gone resets the connection at what it is sent, and the next time finds that out.
 */
const firstMs = 100;
const secondMs = 50;
const furtherMs = 1_000;

/**
 * A client may close its side of the connection once its request is sent, and still read the answer
 * (RFC 9112, section 9.6). One that has left looks the same, and nothing but sending tells them
 * apart: an interim response, which clients take any number of (RFC 9110, section 15.2), is
 * repeated until the answer begins. Clients of HTTP/1.0 know none, and are not asked.
 */
export function watchHalfClosed(socket: Socket, answer: ServerResponse): void {
  if (answer.headersSent) {
    // A stream has no end that could be waited for: its reader has left.
    if (!answer.writableEnded) socket.destroy();
    return;
  }
  if (answer.req.httpVersion === '1.0') return;
  let delayMs = firstMs;
  function ask(): void {
    if (socket.destroyed || answer.headersSent) return;
    // Before it is its turn, what is written would be kept.
    if (answer.socket === socket) {
      answer.writeProcessing();
      delayMs = delayMs === firstMs ? secondMs : furtherMs;
    }
    setTimeout(ask, delayMs).unref();
  }
  setTimeout(ask, delayMs).unref();
}
