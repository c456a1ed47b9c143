import {
  LocksUnavailableError,
  LockBusyError,
  Turns,
  leaseMs,
  type HeldLock,
  type KeyedLocks,
  type Lease,
  type Turn,
} from './keyed-locks.ts';
import { RedisReplyError } from './redis-failure.ts';
import { ReplyTimeoutError } from './reply-timeout.ts';

/** The leases that all processes share: which holder has which key, and until when. */
export interface LockStore {
  /** Whether the store can be called now. */
  readonly available: boolean;
  /**
   * Leases a key where it is free.
   *
   * @param token - Names this holder, for `renew` and `release`.
   * @returns 0 where the key is leased: for `leaseMs`, not before the call was made. Else the
   *   milliseconds until it is worth calling again, or -1 where another holder has the key.
   * @throws {ReplyTimeoutError} (rejecting) Where no reply came in time: the key may still be leased.
   *   Where it fails otherwise, it rejects with another error.
   */
  take(key: string, token: string): Promise<number>;
  /** Begins the lease anew. Rejects as `take` does. @returns Whether this holder still had it. */
  renew(key: string, token: string): Promise<boolean>;
  /**
   * Ends the lease, where this holder still has it, also one that an earlier `take` brings about.
   *
   * @param onFailure - Called with the cause where it fails.
   */
  release(key: string, token: string, onFailure: (cause: unknown) => void): void;
}

export interface LeasedLocksOptions {
  readonly store: LockStore;
  /** Names this process among all that share the store. */
  readonly processId: string;
  /** Called with the cause when a call of the store failed. @default no call */
  readonly onFailure?: ((cause: unknown) => void) | undefined;
  /** Called for each lock that is shared among the callers of this process alone. @default no call */
  readonly onTakenLocally?: (() => void) | undefined;
}

/** A lease is renewed after this time, which leaves at least three attempts before it ends. */
const renewAfterMs = 1_000;
/** A lease that could not be renewed counts as ended this long before it ends. */
const lapseMs = 250;
/** How often leases are checked. */
const tickMs = 100;
/** How long a process passes a lock on among its own callers before other processes get a turn. */
const burstMs = 200;
const shortestPauseMs = 5;
const longestPauseMs = 40;

/**
 * Locks that several processes share. Each lock is a lease that its holder renews. The callers of one
 * process queue among themselves first: one of them at a time calls the store, and passes its lease
 * on to the next.
 *
 * By the clock of this process, a lease begins when the store is called; so it ends here before it
 * ends in the store. Times are compared over a few seconds only, but within a lease the store's clock
 * must not be set forward, nor run faster than the clock of this process by more than 8 %.
 */
export class LeasedLocks implements KeyedLocks {
  readonly #store: LockStore;
  readonly #onFailure: (cause: unknown) => void;
  readonly #onTakenLocally: () => void;
  readonly #turns = new Turns<LeasedLock>();
  readonly #processId: string;
  #tokens = 0;
  #isAlone = false;
  /** The first of the leases that are held, a linked list; `Turns` says why it is not a Set. */
  #first: LeasedLock | null = null;
  #ticking: NodeJS.Timeout | null = null;

  constructor(options: LeasedLocksOptions) {
    this.#store = options.store;
    this.#processId = options.processId;
    this.#onFailure = options.onFailure ?? (() => undefined);
    this.#onTakenLocally = options.onTakenLocally ?? (() => undefined);
  }

  /** Whether the store was unavailable for the last lock. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  acquire(key: string, waitUntilMs: number, mayBeLocal: boolean): HeldLock | Promise<HeldLock> {
    const turn = this.#turns.take(key, waitUntilMs);
    if (!(turn instanceof Promise)) return this.#lease(turn, waitUntilMs, mayBeLocal);
    return turn.then((passedOn) => {
      const { left } = passedOn;
      passedOn.left = null;
      return left ?? this.#lease(passedOn, waitUntilMs, mayBeLocal);
    });
  }

  isWanted(key: string): boolean {
    return this.#turns.find(key) !== null;
  }

  releases(): number {
    return NaN;
  }

  /** Passes a lock on to the next caller of this process, or returns it to the store. */
  release(lock: LeasedLock): void {
    const { turn, token } = lock;
    lock.onLapse = null;
    const now = performance.now();
    if (turn.waiting > 0 && !lock.lapsed && now < lock.takenMs + burstMs) {
      turn.left = lock;
    } else {
      this.#remove(lock);
      this.#store.release(turn.key, token, this.#onFailure);
    }
    turn.release();
  }

  /**
   * Leaves a lock to expire. The queue of this process waits, too: the store may be unavailable by the
   * time that its callers ask for the lock, which they then share among themselves.
   */
  abandon(lock: LeasedLock): void {
    lock.onLapse = null;
    this.#remove(lock);
    lock.turn.abandon();
  }

  /** Asks the store for a lease until it grants one. */
  async #lease(
    turn: Turn<LeasedLock>,
    waitUntilMs: number,
    mayBeLocal: boolean,
  ): Promise<HeldLock> {
    try {
      let pauseMs = shortestPauseMs;
      for (;;) {
        const reply = await this.#ask(turn);
        this.#isAlone = reply === null;
        if (reply === null) {
          if (!mayBeLocal) {
            throw new LocksUnavailableError('The store of the locks is unavailable.');
          }
          this.#onTakenLocally();
          return turn;
        }
        if (typeof reply !== 'number') return reply;
        const leftMs = waitUntilMs - performance.now();
        if (leftMs <= 0) throw new LockBusyError('timeout');
        // Jitter, so that processes that wait for the same lock do not call in step.
        const ms = reply > 0 ? reply : pauseMs * (0.75 + Math.random() / 2);
        await pause(Math.min(ms, leftMs));
        pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
      }
    } catch (error) {
      turn.release();
      throw error;
    }
  }

  /**
   * Asks the store for a lease once. A single reply that is missing does not count as an unavailable
   * store.
   *
   * @returns The lock; or the milliseconds until it is worth asking again, -1 where they are not known;
   *   or `null` where the store is unavailable, or answers with an error.
   */
  #ask(turn: Turn<LeasedLock>): Promise<LeasedLock | number | null> | null {
    if (!this.#store.available) return null;
    const { key } = turn;
    // A new token for each call, so that a late effect of an earlier call cannot undo this one.
    const token = `${this.#processId}-${(this.#tokens += 1)}`;
    const askedMs = performance.now();
    return this.#store.take(key, token).then(
      (retryMs) => {
        if (retryMs !== 0) return retryMs;
        const lock = new LeasedLock(this, turn, token, askedMs);
        if (!lock.lapsed) {
          this.#add(lock);
          return lock;
        }
        this.#store.release(key, token, this.#onFailure);
        return -1;
      },
      (error: unknown) => {
        this.#onFailure(error);
        // The key may be leased all the same, now or later: that lease is not used, so it is ended.
        if (error instanceof ReplyTimeoutError) this.#store.release(key, token, this.#onFailure);
        return error instanceof RedisReplyError ? null : -1;
      },
    );
  }

  #add(lock: LeasedLock): void {
    lock.later = this.#first;
    if (this.#first !== null) this.#first.earlier = lock;
    this.#first = lock;
    this.#ticking ??= setInterval(() => {
      this.#tick();
    }, tickMs).unref();
  }

  #remove(lock: LeasedLock): void {
    if (lock.earlier === null && this.#first !== lock) return;
    const { earlier, later } = lock;
    if (earlier === null) this.#first = later;
    else earlier.later = later;
    if (later !== null) later.earlier = earlier;
    lock.earlier = lock.later = null;
  }

  #tick(): void {
    const now = performance.now();
    for (let lock = this.#first; lock !== null;) {
      const { later } = lock;
      if (lock.lapsed) {
        this.#remove(lock);
        lock.onLapse?.();
      } else if (now >= lock.renewedMs + renewAfterMs && !lock.isRenewing) {
        this.#renew(lock, now);
      }
      lock = later;
    }
    if (this.#first === null && this.#ticking !== null) {
      clearInterval(this.#ticking);
      this.#ticking = null;
    }
  }

  #renew(lock: LeasedLock, askedMs: number): void {
    lock.isRenewing = true;
    this.#store.renew(lock.turn.key, lock.token).then(
      (isRenewed) => {
        // A lease that is lost is not renewed again; it lapses.
        lock.isRenewing = !isRenewed;
        if (isRenewed) lock.renewedMs = askedMs;
      },
      (error: unknown) => {
        lock.isRenewing = false;
        this.#onFailure(error);
      },
    );
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** A lock with its lease, which the callers of this process pass on. */
class LeasedLock implements HeldLock, Lease {
  readonly turn: Turn<LeasedLock>;
  readonly token: string;
  readonly takenMs: number;
  renewedMs: number;
  isRenewing = false;
  earlier: LeasedLock | null = null;
  later: LeasedLock | null = null;
  onLapse: (() => void) | null = null;
  readonly #locks: LeasedLocks;

  constructor(locks: LeasedLocks, turn: Turn<LeasedLock>, token: string, askedMs: number) {
    this.#locks = locks;
    this.turn = turn;
    this.token = token;
    this.takenMs = askedMs;
    this.renewedMs = askedMs;
  }

  get lease(): Lease {
    return this;
  }

  /** Read from the clock, not set by a timer: the timers of a suspended process are late. */
  get lapsed(): boolean {
    return performance.now() >= this.renewedMs + leaseMs - lapseMs;
  }

  release(): void {
    this.#locks.release(this);
  }

  abandon(): void {
    this.#locks.abandon(this);
  }
}
