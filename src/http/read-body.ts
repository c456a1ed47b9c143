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
 * How many bytes of a body that is too large are read, and dropped, before its client is cut off.
 * Clients that still write when the connection closes lose the answer that tells them why.
 */
const patienceBytes = 16 * 1024 * 1024;

/**
 * The whole body of a request.
 *
 * @throws BodyTooLargeError as soon as it is known to be larger than `maxBytes`; what is still to
 *   come is dropped meanwhile, so that the client gets to read an answer.
 * @throws RequestAbortedError where the client goes away before the end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    let tooLarge = Number(request.headers['content-length'] ?? 0) > maxBytes;
    if (tooLarge) reject(new BodyTooLargeError(maxBytes));

    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (!tooLarge && bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      tooLarge = true;
      chunks = [];
      reject(new BodyTooLargeError(maxBytes));
      if (bytes > maxBytes + patienceBytes) request.destroy();
    });
    request.once('end', () => {
      const [first] = chunks;
      resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks));
    });
    request.once('error', () => {
      reject(new RequestAbortedError());
    });
    request.once('close', () => {
      if (!request.complete) reject(new RequestAbortedError());
    });
  });
}
