import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { GraphQLError, type ExecutionResult } from 'graphql';
import type { WebSocket } from 'ws';

import { CancellationSource } from '../../cancellation.ts';
import type { Engine, FailedResult } from '../../engine/engine.ts';
import { Outgoing, type Incoming } from '../../engine/incoming.ts';
import { parseBody, type Parameters } from '../../engine/parameters.ts';
import type { PreparedRequest } from '../../engine/request-reader.ts';
import { writeErrorsText, writeResultText } from '../../engine/result.ts';
import { JsonOutput, JsonSource, quoteJson } from '../../json/index.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { beginRecord, endRecord } from '../../telemetry/request-record.ts';
import { webSocketMethod } from '../../telemetry/request-span.ts';
import type { Span, TraceContext, Tracer } from '../../telemetry/tracing.ts';
import { refusals } from './refusal.ts';
import { readAuthorization, readMessage } from './websocket-message.ts';

/** The name of the subprotocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const subprotocol = 'graphql-transport-ws';

/** The codes and reasons with which the server closes connections, as the subprotocol defines them. */
const closings = {
  badRequest: [4400, 'Invalid message received'],
  unauthorized: [4401, 'Unauthorized'],
  notAcceptable: [4406, 'Subprotocol not acceptable'],
  initTimeout: [4408, 'Connection initialisation timeout'],
  duplicate: [4409, 'Subscriber already exists'],
  tooManyInits: [4429, 'Too many initialisation requests'],
  goingAway: [1001, 'The gateway is shutting down'],
  /** A code of RFC 6455 after which clients do not reconnect: they would send the same message again. */
  unexpected: [1011, refusals.unexpected.message],
} as const satisfies Record<string, readonly [code: number, reason: string]>;

/** The default time between two pings, in milliseconds. */
export const defaultPingIntervalMs = 12_000;

/** Beyond so many unread bytes, nothing more is read from the client. */
const maxUnreadBytes = 1_048_576;

type Results = AsyncIterable<ExecutionResult> & Partial<Pick<AsyncIterator<unknown>, 'return'>>;

/** What every WebSocket session of a gateway needs. */
export interface SessionOptions {
  readonly engine: Engine;
  /** Executes an operation that has no plan by Yoga. Never rejects. */
  readonly execute: (
    parameters: Parameters,
    incoming: Incoming,
  ) => Promise<ExecutionResult | Results>;
  /** Whether every operation has to be executed by Yoga. */
  readonly hasPlugins: boolean;
  /** The path that is logged. */
  readonly endpoint: string;
  /** How long a client may take to send `connection_init`, in milliseconds. @default 10000 */
  readonly initTimeoutMs?: number | undefined;
  /**
   * The time between two pings, in milliseconds. A client that has not answered a ping by the next is
   * cut off, and so is one that reads nothing for that time while data is waiting.
   *
   * @default defaultPingIntervalMs
   */
  readonly pingIntervalMs?: number | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** @default null, which traces nothing */
  readonly tracer?: Tracer | null | undefined;
}

/** An operation that was received in a message, as the engine sees it. */
class SocketOperation implements Incoming {
  readonly id: string;
  readonly requestId = randomUUID();
  readonly authorization: string | null;
  readonly trace: TraceContext | undefined;
  span: Span | null = null;
  readonly departure = new CancellationSource();
  readonly outgoing = new Outgoing();
  readonly startedAt = performance.now();

  constructor(id: string, authorization: string | null, trace: TraceContext | undefined) {
    this.id = id;
    this.authorization = authorization;
    this.trace = trace;
  }
}

/**
 * The connection of one client, after the handshake. The server of graphql-ws is not used: it reads and
 * writes messages by `JSON.parse` and `JSON.stringify`, which lose digits of numbers, and it does not
 * support persisted documents.
 */
export class WebSocketSession {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #options: SessionOptions;
  readonly #trace: TraceContext | undefined;
  readonly #operations = new Map<string, SocketOperation>();
  readonly #initTimer: NodeJS.Timeout;
  /** The `authorization` of `connection_init`; `undefined` before that message. */
  #authorization: string | null | undefined;
  #isClosing = false;
  #isAlive = true;
  /** Whether reading from the client is paused until it has read what is waiting. */
  #isBehind = false;

  /**
   * @param connection - The TCP connection of `socket`.
   * @param trace - The trace context of the client's handshake.
   */
  constructor(
    socket: WebSocket,
    connection: Socket,
    options: SessionOptions,
    trace: TraceContext | undefined,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#options = options;
    const { logger } = options;
    this.#trace = trace;
    this.#initTimer = setTimeout(() => {
      this.#close(closings.initTimeout);
    }, options.initTimeoutMs ?? 10_000).unref();
    socket.on('message', (data: Buffer) => {
      try {
        this.#receive(data);
      } catch (error) {
        logger.error({ err: error }, 'message failed');
        this.#close(closings.unexpected);
      }
      if (socket.bufferedAmount > maxUnreadBytes) this.#waitForReader();
    });
    connection.on('timeout', () => {
      this.terminate();
    });
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    // After an error the connection is closed, which is handled below.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosing = true;
      clearTimeout(this.#initTimer);
      for (const operation of this.#operations.values()) operation.departure.cancel();
    });
    if (socket.protocol !== subprotocol) this.#close(closings.notAcceptable);
  }

  /** Cuts off a client that has not answered the last ping, and sends another. */
  ping(): void {
    // A ping would be queued behind the data that a slow client has not read.
    if (this.#socket.bufferedAmount > 0) this.#waitForReader();
    else if (!this.#isAlive) this.#socket.terminate();
    else {
      this.#isAlive = false;
      this.#socket.ping();
    }
  }

  /**
   * Pauses reading until the client has read all that is waiting. Otherwise a client that sends without
   * reading would make its responses fill the memory. A client that reads nothing for a time is cut
   * off: the timeout of the connection also detects that within a long message.
   */
  #waitForReader(): void {
    if (this.#isBehind || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#isBehind = true;
    this.#socket.pause();
    this.#connection.setTimeout(this.#options.pingIntervalMs ?? defaultPingIntervalMs);
    // The ping is sent after everything that is waiting.
    this.#socket.ping(undefined, false, () => {
      this.#isBehind = false;
      this.#isAlive = true;
      this.#connection.setTimeout(0);
      this.#socket.resume();
    });
  }

  /**
   * Closes the connection once the pending operations have ended: a client that is cut off would send
   * them again elsewhere. The close code makes clients reconnect.
   */
  close(): void {
    this.#isClosing = true;
    if (this.#operations.size === 0) this.#close(closings.goingAway);
  }

  /** Cuts off the connection. */
  terminate(): void {
    this.#socket.terminate();
  }

  #close([code, reason]: readonly [number, string]): void {
    this.#socket.close(code, reason);
  }

  #receive(data: Buffer): void {
    // An operation that is received after the connection was closed would run without a response.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const message = readMessage(data);
    if (message === null) {
      this.#close(closings.badRequest);
      return;
    }
    const { type, id, payload } = message;
    switch (type) {
      case 'connection_init':
        this.#initialise(payload);
        break;
      case 'ping':
        void this.#send(
          `{"type":"pong"${payload === null ? '' : `,"payload":${payload.toString()}`}}`,
        );
        break;
      case 'pong':
        break;
      case 'subscribe':
        this.#subscribe(id, payload);
        break;
      case 'complete':
        this.#operations.get(id ?? '')?.departure.cancel();
        this.#operations.delete(id ?? '');
        break;
      case null:
      default:
        this.#close(closings.badRequest);
    }
  }

  #initialise(payload: Buffer | null): void {
    if (this.#authorization !== undefined) {
      this.#close(closings.tooManyInits);
      return;
    }
    clearTimeout(this.#initTimer);
    this.#authorization = payload === null ? null : readAuthorization(payload);
    void this.#send('{"type":"connection_ack"}');
  }

  #subscribe(id: string | null, payload: Buffer | null): void {
    if (this.#authorization === undefined) this.#close(closings.unauthorized);
    else if (id === null || id === '' || payload === null) this.#close(closings.badRequest);
    else if (this.#operations.has(id)) this.#close(closings.duplicate);
    else if (!this.#isClosing) {
      const operation = new SocketOperation(id, this.#authorization, this.#trace);
      const { endpoint } = this.#options;
      operation.span = beginRecord(this.#options, webSocketMethod, endpoint, operation);
      this.#operations.set(id, operation);
      this.#run(operation, payload)
        .catch((error: unknown) => this.#fail(operation, error))
        .finally(() => {
          this.#conclude(operation);
        });
    }
  }

  async #run(operation: SocketOperation, payload: Buffer): Promise<void> {
    const { engine, execute, hasPlugins } = this.#options;
    const source = JsonSource.of(payload);
    const prepared = hasPlugins || source === null ? null : engine.prepare(source);
    if (prepared === null) {
      let parameters: Parameters;
      try {
        parameters = parseBody(payload.toString());
      } catch (error) {
        await this.#answer(operation, { errors: [engine.mask(error)] });
        return;
      }
      const result = await execute(parameters, operation);
      if (Symbol.asyncIterator in result) await this.#stream(operation, result, writeResultText);
      else await this.#answer(operation, result);
    } else if (prepared.plan.open === null) {
      await this.#answerPlanned(operation, prepared);
    } else {
      await this.#stream(operation, await engine.open(prepared, operation), ({ text }) => text);
    }
  }

  async #answerPlanned(operation: SocketOperation, prepared: PreparedRequest): Promise<void> {
    const result = await new Promise<JsonOutput | FailedResult>((resolve) => {
      this.#options.engine.run(prepared, operation, (output, failed) => {
        resolve(output ?? failed ?? {});
      });
    });
    if (result instanceof JsonOutput) await this.#next(operation, result.toString());
    else await this.#answer(operation, result);
  }

  /** Sends the results of a stream. Reads nothing from the stream while the client is behind. */
  async #stream<Result>(
    operation: SocketOperation,
    results: AsyncIterable<Result>,
    write: (result: Result) => string,
  ): Promise<void> {
    const iterator: AsyncIterator<Result, unknown> = results[Symbol.asyncIterator]();
    const leave = { canceled: () => void iterator.return?.() };
    operation.departure.watch(leave);
    if (operation.departure.isCanceled) leave.canceled();
    try {
      for (;;) {
        const event = await iterator.next();
        if (event.done === true) return;
        await this.#next(operation, write(event.value));
      }
    } catch (error) {
      leave.canceled();
      throw error;
    }
  }

  #next({ id, departure }: SocketOperation, text: string): Promise<void> {
    if (departure.isCanceled) return Promise.resolve();
    return this.#send(`{"id":${quoteJson(id)},"type":"next","payload":${text}}`);
  }

  /** Sends a result. One without data is an `error` message, which also completes the operation. */
  #answer(operation: SocketOperation, result: ExecutionResult<unknown>): Promise<void> {
    if (result.data !== undefined) return this.#next(operation, writeResultText(result));
    const errors = writeErrorsText(result.errors ?? []);
    const text = `{"id":${quoteJson(operation.id)},"type":"error","payload":${errors}}`;
    this.#forget(operation);
    return operation.departure.isCanceled ? Promise.resolve() : this.#send(text);
  }

  /**
   * Removes an operation. A client may reuse the id of an operation as soon as it has completed it.
   *
   * @returns Whether it was there.
   */
  #forget(operation: SocketOperation): boolean {
    return (
      this.#operations.get(operation.id) === operation && this.#operations.delete(operation.id)
    );
  }

  /** Ends an operation with the error that is status 500 over HTTP. */
  async #fail(operation: SocketOperation, error: unknown): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#options.logger.error({ requestId: operation.requestId, err: error }, 'request failed');
    const { message, code } = refusals.unexpected;
    await this.#answer(operation, {
      errors: [new GraphQLError(message, { extensions: { code } })],
    });
  }

  #conclude(operation: SocketOperation): void {
    const { id, requestId, departure, outgoing, startedAt } = operation;
    if (this.#forget(operation) && !departure.isCanceled && !outgoing.isInterrupted) {
      void this.#send(`{"id":${quoteJson(id)},"type":"complete"}`);
    }
    const isOpen = this.#socket.readyState === this.#socket.OPEN;
    const durationMs = performance.now() - startedAt;
    const status = isOpen ? 200 : 499;
    const { operation: kind, operationName, results } = outgoing;
    const { endpoint: path } = this.#options;
    endRecord(this.#options, operation.span, {
      ...{ requestId, method: webSocketMethod, path, status, complete: isOpen },
      ...{ durationMs, operation: kind, operationName, results },
    });
    if (this.#isClosing) this.close();
  }

  /** Resolves when the message was sent, or when the connection has closed. */
  #send(message: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState !== this.#socket.OPEN) resolve();
      else {
        this.#socket.send(message, () => {
          resolve();
        });
      }
    });
  }
}
