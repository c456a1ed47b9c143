import type { ServerResponse } from 'node:http';

import type { EventStream } from '../../engine/latest-stream.ts';
import { responseHeaders } from '../../engine/response-headers.ts';
import type { StreamedResult } from '../../engine/plan-stream.ts';
import {
  completeEvent,
  eventStreamHeaders,
  pingEvent,
  pingIntervalMs,
} from '../../engine/server-sent-events.ts';
import type { NodeRequest } from './node-request.ts';

/** Writes streams as server-sent events. */
export class EventResponses {
  readonly #open = new Set<ServerResponse>();
  #pings: NodeJS.Timeout | undefined;

  /**
   * Writes the events of a stream. Reads nothing from the stream while the client is behind. Resolves
   * when the stream has ended or the client has left.
   */
  async send(request: NodeRequest, events: EventStream<StreamedResult>): Promise<void> {
    const { response } = request;
    if (request.isCanceled) {
      await events.return();
      return;
    }
    request.watch({
      canceled() {
        void events.return();
      },
    });
    const headers = responseHeaders(request, request.cors);
    // While draining, a connection kept open after its stream would only delay the end.
    response.shouldKeepAlive = false;
    response.writeHead(200, [...headers, ...Object.entries(eventStreamHeaders).flat()]);
    // Some browsers do not report a response as open before its first byte.
    response.write(pingEvent);
    this.#add(response);
    try {
      for await (const { event } of events) {
        if (!response.write(event)) await readable(response);
      }
      response.end(request.outgoing.isInterrupted ? undefined : completeEvent);
    } finally {
      this.#remove(response);
    }
  }

  #add(response: ServerResponse): void {
    this.#open.add(response);
    this.#pings ??= setInterval(() => {
      // A client that is behind has unread data already.
      for (const open of this.#open) if (open.writableLength === 0) open.write(pingEvent);
    }, pingIntervalMs).unref();
  }

  #remove(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size > 0) return;
    clearInterval(this.#pings);
    this.#pings = undefined;
  }
}

/** Resolves when the client has caught up or has left. */
function readable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    function done(): void {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    }
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}
