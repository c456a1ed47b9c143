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
import { withinTimeout } from './reply-timeout.ts';

/** What all processes share: who has which key leased, and until when. */
export interface LockStore {
  /** Whether there is any use in asking. */
  readonly available: boolean;
  /**
   * Leases a key where nobody has it.
   *
   * @param token - Names this one holder; for `renew` and `release`.
   * @returns 0 where it is leased, for `leaseMs` from when the store was asked at the earliest. Else
   *   when to ask again: in so many milliseconds, or -1 for when it is free.
   * @throws Where the answer is not known (rejecting).
   */
  take(key: string, token: string): Promise<number>;
  /** Leases it anew. @returns Whether it was still leased to this holder. */
  renew(key: string, token: string): Promise<boolean>;
  /** Ends the lease, where it is still this holder's. */
  release(key: string, token: string): Promise<void>;
}

export interface LeasedLocksOptions {
  readonly store: LockStore;
  /** Names this process among all that share the store. */
  readonly processId: string;
  /** Told why a call of the store failed. @default nobody */
  readonly onFailure?: ((cause: unknown) => void) | undefined;
  /** Told of each lock that was taken among the callers of this process alone. @default nobody */
  readonly onTakenLocally?: (() => void) | undefined;
  /** Milliseconds within which the store has to answer. @default 250 */
  readonly timeoutMs?: number | undefined;
}

/** A lease is renewed after this time: three attempts, at the least, before it ends. */
const renewAfterMs = 1_000;
/** A lease that could not be renewed counts as ended this long before it ends. */
const lapseMs = 250;
/** How often leases are looked after. */
const tickMs = 100;
/** For how long a process passes a lock on among its own callers before others have their turn. */
const burstMs = 200;
const shortestPauseMs = 5;
const longestPauseMs = 40;

/**
 * Locks that several processes share, each lock as a lease that its holder renews. The callers of one
 * process queue among themselves first: one of them at a time asks the store, and passes what it was
 * leased on to the next.
 *
 * A lease begins, by the clock of this process, when the store was asked for it; so it is over here
 * before it is over there. Time is compared over a few seconds only, but the store's clock must not be
 * set forward, and not run faster than this one by more than 8 %, within a lease.
 */
export class LeasedLocks implements KeyedLocks {
  readonly #store: LockStore;
  readonly #onFailure: (cause: unknown) => void;
  readonly #onTakenLocally: () => void;
  readonly #timeoutMs: number;
  readonly #turns = new Turns<LeasedLock>();
  readonly #processId: string;
  #tokens = 0;
  #isAlone = false;
  /** The leases that are held, chained; see `Turns` for why not in a Set. */
  #first: LeasedLock | null = null;
  #ticking: NodeJS.Timeout | null = null;

  constructor(options: LeasedLocksOptions) {
    this.#store = options.store;
    this.#processId = options.processId;
    this.#onFailure = options.onFailure ?? (() => undefined);
    this.#onTakenLocally = options.onTakenLocally ?? (() => undefined);
    this.#timeoutMs = options.timeoutMs ?? 250;
  }

  /** Whether the store was out of reach for the last lock. */
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

  /** Gives a lock back, or on to the next of this process. */
  release(lock: LeasedLock): void {
    const { turn, token } = lock;
    lock.onLapse = null;
    const now = performance.now();
    if (turn.waiting > 0 && !lock.lapsed && now < lock.takenMs + burstMs) {
      turn.left = lock;
    } else {
      this.#remove(lock);
      this.#store.release(turn.key, token).catch(this.#onFailure);
    }
    turn.release();
  }

  /**
   * Lets it expire. The callers of this process wait by their own queue, too: the store may be out of
   * reach by the time that they ask it, and the lock then be taken among themselves.
   */
  abandon(lock: LeasedLock): void {
    lock.onLapse = null;
    this.#remove(lock);
    lock.turn.abandon();
  }

  async #lease(
    turn: Turn<LeasedLock>,
    waitUntilMs: number,
    mayBeLocal: boolean,
  ): Promise<HeldLock> {
    try {
      return await this.#askUntilLeased(turn, waitUntilMs, mayBeLocal);
    } catch (error) {
      turn.release();
      throw error;
    }
  }

  async #askUntilLeased(
    turn: Turn<LeasedLock>,
    waitUntilMs: number,
    mayBeLocal: boolean,
  ): Promise<HeldLock> {
    let pauseMs = shortestPauseMs;
    for (;;) {
      // A new one each time: what is left of an earlier call can then undo no later one.
      const token = `${this.#processId}-${(this.#tokens += 1)}`;
      const askedMs = performance.now();
      const retryMs = await this.#ask(turn.key, token);
      this.#isAlone = retryMs === null;
      if (retryMs === null) {
        if (!mayBeLocal) throw new LocksUnavailableError('What shares the locks is out of reach.');
        this.#onTakenLocally();
        return turn;
      }
      if (retryMs === 0) {
        const lock = new LeasedLock(this, turn, token, askedMs);
        if (!lock.lapsed) {
          this.#add(lock);
          return lock;
        }
        await this.#store.release(turn.key, token).catch(this.#onFailure);
      }
      const leftMs = waitUntilMs - performance.now();
      if (leftMs <= 0) throw new LockBusyError('timeout');
      // Not in step with others that wait for the same.
      const ms = retryMs > 0 ? retryMs : pauseMs * (0.75 + Math.random() / 2);
      await pause(Math.min(ms, leftMs));
      pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
    }
  }

  /**
   * One answer that is missing does not make a store that is out of reach: it is asked again.
   *
   * @returns As `LockStore.take`; `null` where the store is out of reach, or refuses.
   */
  async #ask(key: string, token: string): Promise<number | null> {
    if (!this.#store.available) return null;
    const taking = this.#store.take(key, token);
    try {
      return await withinTimeout(taking, this.#timeoutMs);
    } catch (error) {
      this.#onFailure(error);
      // It may be leased by now, or come to be: nobody has a use for that.
      taking
        .then(
          (retryMs) => (retryMs === 0 ? this.#store.release(key, token) : undefined),
          () => undefined,
        )
        .catch(this.#onFailure);
      return error instanceof RedisReplyError ? null : -1;
    }
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
    withinTimeout(this.#store.renew(lock.turn.key, lock.token), this.#timeoutMs).then(
      (isRenewed) => {
        // One that is lost stays unrenewed until it lapses.
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

/** A lock with its lease, for one caller of this process after the other. */
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

  /** By the clock, and not by a timer: a process that was suspended has missed its timers. */
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
