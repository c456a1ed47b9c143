import type { CancellationListener } from '../cancellation.ts';
import { LatestStream, type EventStream } from '../engine/latest-stream.ts';
import type { RequestContext } from '../engine/request-context.ts';
import { AuthenticationError, TypedError, UpstreamError } from '../errors.ts';
import type { User } from '../identity/user.ts';
import { EventsUnavailableError } from '../shared-state/events.ts';
import type { ExecutionContext, ExecutionContextEvent } from './model.ts';
import type { Ownership } from './ownership.ts';
import type { ContextWatcher, WatchedContext } from './watched-context.ts';

export interface LiveStreamOptions {
  readonly watched: WatchedContext;
  readonly user: User;
  /** The request that subscribed. Its departure ends the stream. */
  readonly request: RequestContext;
  /** Checks each state before it is shown. */
  readonly ownership: Ownership;
  /** Milliseconds since the epoch, by which tokens expire. */
  readonly now: () => number;
  /**
   * Called once when the stream has ended, with `client` (the reader left), `deleted`, `shutdown`,
   * `bug`, or the code of the error that ended it.
   */
  readonly onEnd: (stream: LiveStream, reason: string) => void;
  /** Called with an error that is a bug. */
  readonly onBug: (error: unknown) => void;
}

/** One reader's stream of one context. */
export class LiveStream implements ContextWatcher, CancellationListener {
  readonly #options: LiveStreamOptions;
  readonly #events = new LatestStream<ExecutionContextEvent>(() => {
    this.canceled();
  });
  /** Settles the promise of {@link open}; `null` before the call, and once it is settled. */
  #opening: Opening | null = null;
  #isEnded = false;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  /**
   * Resolves when there is a state to show, or when the reader has left.
   *
   * @throws {TypedError} (rejecting) Where the context cannot be shown.
   */
  open(): Promise<EventStream<ExecutionContextEvent>> {
    const { watched, request } = this.#options;
    const { departure } = request;
    departure?.watch(this);
    return new Promise((resolve, reject) => {
      this.#opening = {
        succeed: () => {
          resolve(this.#events);
        },
        fail: reject,
      };
      watched.join(this).catch((error: unknown) => {
        this.fail(error instanceof EventsUnavailableError ? eventsUnavailable(error) : error);
      });
      if (departure?.isCanceled === true) this.canceled();
    });
  }

  show(context: ExecutionContext, version: string): void {
    if (this.checkExpiry()) return;
    const { ownership, user } = this.#options;
    try {
      ownership.check(user, context);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#events.offer(context, version);
    this.#settle()?.succeed();
  }

  gone(): void {
    this.#end('deleted', { deletedId: this.#options.watched.id });
  }

  lost(): void {
    this.fail(eventsUnavailable());
  }

  fail(error: unknown): void {
    const opening = this.#settle();
    if (opening !== null) {
      this.#end(error instanceof TypedError ? error.code : 'bug');
      opening.fail(error);
    } else if (error instanceof TypedError) {
      this.#end(error.code, error);
    } else if (!this.#isEnded) {
      this.#options.onBug(error);
      this.#end('bug', unexpected(error));
    }
  }

  /** Ends the stream without a last event, so that the client connects again. */
  close(): void {
    this.#options.request.interrupt();
    this.#end('shutdown');
    this.#settle()?.succeed();
  }

  canceled(): void {
    this.#end('client');
    this.#settle()?.succeed();
  }

  /**
   * Ends the stream with an error where the user's token has expired.
   *
   * @returns Whether the stream has ended.
   */
  checkExpiry(): boolean {
    const { user, now } = this.#options;
    if (user.expiresAtMs <= now()) {
      this.fail(
        new AuthenticationError(
          'The session token has expired: get a new one from its issuer, and connect again.',
        ),
      );
    }
    return this.#isEnded;
  }

  #settle(): Opening | null {
    const opening = this.#opening;
    this.#opening = null;
    return opening;
  }

  #end(reason: string, last?: ExecutionContextEvent): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { request, watched, onEnd } = this.#options;
    request.departure?.unwatch(this);
    watched.leave(this);
    this.#events.end(last);
    onEnd(this, reason);
  }
}

interface Opening {
  readonly succeed: () => void;
  readonly fail: (error: unknown) => void;
}

/** The error of a stream that might miss events of other replicas. */
export function eventsUnavailable(cause?: EventsUnavailableError): UpstreamError {
  return new UpstreamError(
    'The connection to the other replicas of the gateway was lost, so changes could be missed: connect again.',
    { code: 'UPSTREAM_UNAVAILABLE', retryable: true, cause },
  );
}

function unexpected(cause: unknown): UpstreamError {
  return new UpstreamError('The execution context could not be read.', {
    code: 'UPSTREAM_FAILED',
    retryable: false,
    cause,
  });
}
