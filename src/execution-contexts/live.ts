import type { Ahead } from '../engine/operation.ts';
import { LatestStream, type EventStream } from '../engine/latest-stream.ts';
import type { RequestContext } from '../engine/request-context.ts';
import { AuthenticationError, RateLimitError, TypedError, UpstreamError } from '../errors.ts';
import { requireUser } from '../identity/identity.ts';
import type { User } from '../identity/user.ts';
import { copyText } from '../json/index.ts';
import type { DepartureListener } from '../rest/request.ts';
import { createMemoryEvents, EventsUnavailableError, type Events } from '../shared-state/events.ts';
import type { Leases } from '../shared-state/leases.ts';
import type {
  ExecutionContext,
  ExecutionContextEvent,
  ExecutionContexts,
  LiveContexts,
} from './model.ts';
import { changed, deleted, WatchedContext, type ContextWatcher } from './watched-context.ts';

export interface LiveOptions extends Pick<ExecutionContexts, 'store' | 'ownership'> {
  /** How often a watched context is read for changes made past the gateway; 0: never. @default 2000 */
  readonly pollMs?: number | undefined;
  /** Streams open at once. @default 5000 */
  readonly maxStreams?: number | undefined;
  /** Streams open at once of one user. @default 100 */
  readonly maxStreamsPerUser?: number | undefined;
  /** What replicas tell each other. @default events of this process */
  readonly events?: Events | undefined;
  /** Elects which replica polls. @default null, this one does */
  readonly leases?: Leases | null | undefined;
  /** Milliseconds since the epoch, by which tokens expire. @default Date.now */
  readonly now?: (() => number) | undefined;
  /**
   * Told of each stream why it ended: `client` (who read it left), `deleted`, `shutdown`, or the code
   * of the error that it ended with.
   */
  readonly onEnd?: ((reason: string) => void) | undefined;
  /** Told of an error that is a bug. */
  readonly onBug?: ((error: unknown) => void) | undefined;
}

/** How often tokens are looked at, in milliseconds: so much later than it expires a stream may end. */
const expiryCheckMs = 1_000;
/** What a client is told to wait where there are too many streams: nobody knows when one ends. */
const retryAfterMs = 5_000;

export function createLive(options: LiveOptions): LiveContexts {
  const { store, ownership, pollMs = 2_000, leases = null } = options;
  const { maxStreams = 5_000, maxStreamsPerUser = 100, onBug = ignore, onEnd = ignore } = options;
  const { events = createMemoryEvents(), now = Date.now } = options;
  const streams = new Set<Stream>();
  let places = 0;
  const placesByUser = new Map<string, number>();
  /** Those that are read for all who watch them. */
  const shared = new Map<string, WatchedContext>();
  let expiryCheck: NodeJS.Timeout | undefined;
  let isClosed = false;

  function whyUnusable(): UpstreamError | null {
    if (isClosed) return unavailable(shuttingDown);
    return events.usable ? null : unavailable(eventsLost);
  }

  function admit(user: User): void {
    const refusal = whyUnusable();
    if (refusal !== null) throw refusal;
    if ((placesByUser.get(user.id) ?? 0) >= maxStreamsPerUser) {
      throw tooMany(`You have ${maxStreamsPerUser} streams open`, maxStreamsPerUser);
    }
    if (places >= maxStreams) {
      throw tooMany(`The gateway has ${maxStreams} streams open`, maxStreams);
    }
  }

  function reserve(user: User): Ahead {
    admit(user);
    return new Place(user.id);
  }

  /** Room for one stream, from when its limit is asked until it has ended, or was not opened. */
  class Place implements Ahead {
    readonly #userId: string;

    constructor(userId: string) {
      this.#userId = userId;
      places += 1;
      placesByUser.set(userId, (placesByUser.get(userId) ?? 0) + 1);
    }

    cancel(): void {
      places -= 1;
      const left = (placesByUser.get(this.#userId) ?? 0) - 1;
      if (left > 0) placesByUser.set(this.#userId, left);
      else placesByUser.delete(this.#userId);
    }
  }

  function watchedContext(id: string, request: RequestContext): WatchedContext {
    const common = { id, store, events, pollMs };
    if (ownership.isPerCaller) {
      return new WatchedContext({
        ...common,
        leases: null,
        behalf: request,
        onRefused() {
          ownership.forget(id, requireUser(request.identity));
        },
        onUnwatched: ignore,
      });
    }
    const known = shared.get(id);
    if (known !== undefined) return known;
    const made = new WatchedContext({
      ...common,
      leases,
      behalf: null,
      onRefused() {
        ownership.forget(id);
      },
      onUnwatched() {
        if (shared.get(id) === made) shared.delete(id);
      },
    });
    shared.set(id, made);
    return made;
  }

  function opened(stream: Stream): void {
    streams.add(stream);
    expiryCheck ??= setInterval(() => {
      for (const open of streams) open.checkExpiry();
    }, expiryCheckMs).unref();
  }

  function ended(stream: Stream, reason: string): void {
    streams.delete(stream);
    stream.place.cancel();
    if (streams.size === 0) {
      clearInterval(expiryCheck);
      expiryCheck = undefined;
    }
    onEnd(reason);
  }

  /** One reader's stream of one context. */
  class Stream implements ContextWatcher, DepartureListener {
    readonly place: Ahead;
    readonly #user: User;
    readonly #watched: WatchedContext;
    readonly #request: RequestContext;
    readonly #events = new LatestStream<ExecutionContextEvent>(() => {
      this.clientDeparted();
    });
    #opening: PromiseWithResolvers | null = null;
    #isEnded = false;

    constructor(place: Ahead, watched: WatchedContext, user: User, request: RequestContext) {
      this.place = place;
      this.#user = user;
      this.#watched = watched;
      this.#request = request;
    }

    /** Resolves once there is something to show, or the reader has left. */
    open(): Promise<EventStream<ExecutionContextEvent>> {
      opened(this);
      const { departure } = this.#request;
      departure?.watch(this);
      return new Promise((resolve, reject) => {
        this.#opening = {
          resolve: () => {
            resolve(this.#events);
          },
          reject,
        };
        this.#watched.join(this).catch((error: unknown) => {
          this.fail(
            error instanceof EventsUnavailableError ? unavailable(eventsLost, error) : error,
          );
        });
        if (departure?.departed === true) this.clientDeparted();
      });
    }

    show(context: ExecutionContext, version: string): void {
      if (this.checkExpiry()) return;
      try {
        ownership.check(this.#user, context);
      } catch (error) {
        this.fail(error);
        return;
      }
      this.#events.offer(context, version);
      this.#settle()?.resolve();
    }

    gone(): void {
      this.#end('deleted', { deletedId: this.#watched.id });
    }

    lost(): void {
      this.fail(unavailable(eventsLost));
    }

    fail(error: unknown): void {
      const opening = this.#settle();
      if (opening !== null) {
        this.#end(error instanceof TypedError ? error.code : 'bug');
        opening.reject(error);
      } else if (error instanceof TypedError) {
        this.#end(error.code, error);
      } else if (!this.#isEnded) {
        onBug(error);
        this.#end('bug', failed(error));
      }
    }

    close(): void {
      this.#request.interrupt();
      this.#end('shutdown');
      this.#settle()?.resolve();
    }

    clientDeparted(): void {
      this.#end('client');
      this.#settle()?.resolve();
    }

    /** @returns Whether the stream has ended. */
    checkExpiry(): boolean {
      if (this.#user.expiresAtMs <= now()) {
        this.fail(
          new AuthenticationError(
            'The session token has expired: get a new one from its issuer, and connect again.',
          ),
        );
      }
      return this.#isEnded;
    }

    #settle(): PromiseWithResolvers | null {
      const opening = this.#opening;
      this.#opening = null;
      return opening;
    }

    #end(reason: string, last?: ExecutionContextEvent): void {
      if (this.#isEnded) return;
      this.#isEnded = true;
      this.#request.departure?.unwatch(this);
      this.#watched.leave(this);
      this.#events.end(last);
      ended(this, reason);
    }
  }

  return {
    get open() {
      return streams.size;
    },
    admit,
    reserve,
    async watch(given, request, reserved) {
      const user = requireUser(request.identity);
      const place = reserved ?? reserve(user);
      const refusal = whyUnusable();
      if (refusal !== null) {
        place.cancel();
        throw refusal;
      }
      // A stream outlives the body that its id came in.
      const id = copyText(given);
      return new Stream(place, watchedContext(id, request), user, request).open();
    },
    changed(id) {
      events.publish(id, changed);
    },
    deleted(id) {
      events.publish(id, deleted);
    },
    close() {
      isClosed = true;
      for (const stream of [...streams]) stream.close();
    },
  };
}

interface PromiseWithResolvers {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function ignore(): void {
  return undefined;
}

const shuttingDown = 'The gateway is shutting down: connect again.';
const eventsLost =
  'What the replicas of the gateway share is not reachable, so changes would be missed: connect again.';

function unavailable(message: string, cause?: unknown): UpstreamError {
  return new UpstreamError(message, { code: 'UPSTREAM_UNAVAILABLE', retryable: true, cause });
}

function failed(cause: unknown): UpstreamError {
  return new UpstreamError('The context could not be read.', {
    code: 'UPSTREAM_FAILED',
    retryable: false,
    cause,
  });
}

function tooMany(what: string, limit: number): RateLimitError {
  return new RateLimitError(`${what}, which is as many as are allowed: close some.`, {
    source: 'GATEWAY',
    retryAfterMs,
    limit,
  });
}
