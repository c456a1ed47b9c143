import type { Ahead } from '../engine/operation.ts';
import type { RequestContext } from '../engine/request-context.ts';
import { RateLimitError, UpstreamError } from '../errors.ts';
import { requireUser } from '../identity/identity.ts';
import type { User } from '../identity/user.ts';
import { copyText } from '../json/index.ts';
import type { Election } from '../shared-state/election.ts';
import { createMemoryEvents, type Events } from '../shared-state/events.ts';
import { LiveStream, eventsUnavailable } from './live-stream.ts';
import type { ExecutionContexts, LiveContexts } from './model.ts';
import { changed, deleted, WatchedContext } from './watched-context.ts';

export interface LiveOptions extends Pick<ExecutionContexts, 'store' | 'ownership'> {
  /**
   * How often a watched context is read for changes made past the gateway, in milliseconds; 0: never.
   *
   * @default 2000
   */
  readonly pollMs?: number | undefined;
  /** How many streams may be open at once. @default 5000 */
  readonly maxStreams?: number | undefined;
  /** How many streams of one user may be open at once. @default 100 */
  readonly maxStreamsPerUser?: number | undefined;
  /** Events between replicas. @default events of this process */
  readonly events?: Events | undefined;
  /** Elects which replica polls. @default null, this process polls */
  readonly election?: Election | null | undefined;
  /** Milliseconds since the epoch, by which tokens expire. @default Date.now */
  readonly now?: (() => number) | undefined;
  /**
   * Called when a stream has ended, with `client` (the reader left), `deleted`, `shutdown`, `bug`, or
   * the code of the error that ended it.
   */
  readonly onEnd?: ((reason: string) => void) | undefined;
  /** Called with an error that is a bug. */
  readonly onBug?: ((error: unknown) => void) | undefined;
}

/** How often tokens are checked, in milliseconds: a stream may end this long after its token expires. */
const expiryCheckMs = 1_000;
/** The `retryAfterMs` where too many streams are open: when one of them ends is unknown. */
const retryAfterMs = 5_000;

/** Streams of contexts as they change, each context read once for all its watchers where possible. */
export function createLive(options: LiveOptions): LiveContexts {
  const { store, ownership, pollMs = 2_000, election = null } = options;
  const { maxStreams = 5_000, maxStreamsPerUser = 100, onBug = ignore, onEnd = ignore } = options;
  const { events = createMemoryEvents(), now = Date.now } = options;
  const places = new StreamPlaces(maxStreams, maxStreamsPerUser);
  const streams = new Set<LiveStream>();
  /** The contexts that are read once for all their watchers, by id. */
  const shared = new Map<string, WatchedContext>();
  let expiryCheck: NodeJS.Timeout | undefined;
  let isClosed = false;

  /** @throws {UpstreamError} Where no stream can be opened. */
  function checkUsable(): void {
    if (isClosed) throw shuttingDown();
    if (!events.usable) throw eventsUnavailable();
  }

  function reserve(user: User): Ahead {
    checkUsable();
    return places.reserve(user);
  }

  function watchedContext(id: string, request: RequestContext): WatchedContext {
    const common = { id, store, events, pollMs };
    if (ownership.isPerCaller) {
      return new WatchedContext({
        ...common,
        election: null,
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
      election,
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

  function add(stream: LiveStream): void {
    streams.add(stream);
    expiryCheck ??= setInterval(() => {
      for (const open of streams) open.checkExpiry();
    }, expiryCheckMs).unref();
  }

  function remove(stream: LiveStream): void {
    streams.delete(stream);
    if (streams.size > 0) return;
    clearInterval(expiryCheck);
    expiryCheck = undefined;
  }

  return {
    get open() {
      return streams.size;
    },
    admit(user) {
      checkUsable();
      places.check(user);
    },
    reserve,
    async watch(given, request, reserved) {
      const user = requireUser(request.identity);
      const place = reserved ?? reserve(user);
      try {
        checkUsable();
      } catch (error) {
        place.cancel();
        throw error;
      }
      // A copy, because a slice would keep the request's body alive for as long as the stream.
      const id = copyText(given);
      const stream = new LiveStream({
        watched: watchedContext(id, request),
        user,
        request,
        ownership,
        now,
        onEnd(ended, reason) {
          remove(ended);
          place.cancel();
          onEnd(reason);
        },
        onBug,
      });
      add(stream);
      return stream.open();
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

/** How many streams are open or reserved, in all and of each user. */
class StreamPlaces {
  readonly #max: number;
  readonly #maxPerUser: number;
  #taken = 0;
  readonly #takenByUser = new Map<string, number>();

  constructor(max: number, maxPerUser: number) {
    this.#max = max;
    this.#maxPerUser = maxPerUser;
  }

  /** @throws {RateLimitError} Where `user` may open no more streams. */
  check(user: User): void {
    if ((this.#takenByUser.get(user.id) ?? 0) >= this.#maxPerUser) {
      throw tooMany(`You have ${this.#maxPerUser} streams open`, this.#maxPerUser);
    }
    if (this.#taken >= this.#max) {
      throw tooMany(`The gateway has ${this.#max} streams open`, this.#max);
    }
  }

  /**
   * Takes a place, which `cancel` gives back: when the stream has ended, or was not opened.
   *
   * @throws {RateLimitError} Where `user` may open no more streams.
   */
  reserve(user: User): Ahead {
    this.check(user);
    const { id } = user;
    this.#taken += 1;
    this.#takenByUser.set(id, (this.#takenByUser.get(id) ?? 0) + 1);
    return {
      cancel: () => {
        this.#taken -= 1;
        const left = (this.#takenByUser.get(id) ?? 0) - 1;
        if (left > 0) this.#takenByUser.set(id, left);
        else this.#takenByUser.delete(id);
      },
    };
  }
}

function ignore(): void {
  return undefined;
}

function shuttingDown(): UpstreamError {
  return new UpstreamError('The gateway is shutting down: connect again.', {
    code: 'UPSTREAM_UNAVAILABLE',
    retryable: true,
  });
}

function tooMany(what: string, limit: number): RateLimitError {
  return new RateLimitError(`${what}, which is the limit: close some of them first.`, {
    source: 'GATEWAY',
    retryAfterMs,
    limit,
  });
}
