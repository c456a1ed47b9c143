import type { IncomingMessage } from 'node:http';

/** The request body is longer than the gateway takes. */
export class BodyTooLargeError extends Error {
  constructor(maxBytes: number) {
    super(`The request body is larger than ${maxBytes} bytes.`);
    this.name = 'BodyTooLargeError';
  }
}

/** The client went away before the end of its request. */
export class RequestAbortedError extends Error {
  constructor() {
    super('The client went away before the end of its request.');
    this.name = 'RequestAbortedError';
  }
}

/**
 * How many times the limit is read, and dropped, before a client that sends too much is cut off.
 * Clients that still write when the connection closes lose the answer that tells them why.
 */
const patience = 16;

/**
 * The whole body of a request.
 *
 * @throws BodyTooLargeError beyond `maxBytes`.
 * @throws RequestAbortedError where the client goes away before the end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
      } else {
        chunks = [];
        if (bytes > maxBytes * patience) reject(new BodyTooLargeError(maxBytes));
      }
    });
    request.once('end', () => {
      const [first] = chunks;
      if (bytes > maxBytes) reject(new BodyTooLargeError(maxBytes));
      else resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks));
    });
    request.once('error', () => {
      reject(new RequestAbortedError());
    });
    request.once('close', () => {
      if (!request.complete) reject(new RequestAbortedError());
    });
  });
}
