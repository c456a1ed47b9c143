/** A lock was not acquired in time, or too many callers wait for it already. */
export class LockBusyError extends Error {
  override readonly name = 'LockBusyError';
  /** `full`: the limit of waiting callers is reached. */
  readonly reason: 'timeout' | 'full';

  constructor(reason: LockBusyError['reason']) {
    super(
      reason === 'full' ? 'Too many callers wait for this lock.' : 'The lock was not free in time.',
    );
    this.reason = reason;
  }
}

/** The lock has to be shared with other processes, and the store of the locks is unavailable. */
export class LocksUnavailableError extends Error {
  override readonly name = 'LocksUnavailableError';
}

/** A lock while it is held. The holder calls `release` or `abandon`, exactly once. */
export interface HeldLock {
  /** `null` where the lock cannot expire: no other caller gets it before it is released. */
  readonly lease: Lease | null;
  /** Passes the lock to the caller that has waited longest, or frees it. */
  release(): void;
  /**
   * Leaves the lock to expire, because what was done under it may still go on elsewhere: no other
   * caller gets it before a lease ({@link leaseMs}) is over.
   */
  abandon(): void;
}

/** How long a lock is held without being renewed, in milliseconds. */
export const leaseMs = 3_000;

/** The limited time for which a lock is certainly held. */
export interface Lease {
  /** Whether nothing more may begin under the lock: another process may soon hold it. */
  readonly lapsed: boolean;
  /** Called once, when the lease could not be renewed and is about to end; `null`: no call. */
  onLapse: (() => void) | null;
}

/** Locks by key. A caller waits for a lock that is held, for a limited time. */
export interface KeyedLocks {
  /**
   * Acquires a lock: at once, without a promise, where this process decides alone and the lock is
   * free.
   *
   * @param waitUntilMs - When to stop waiting, on the clock of `performance.now()`.
   * @param mayBeLocal - Whether a lock among the callers of this process alone is enough where the
   *   shared store is unavailable.
   * @throws {LockBusyError} (or rejecting) When the lock was not free in time, or too many callers wait.
   * @throws {LocksUnavailableError} (or rejecting) When the shared store is unavailable, unless
   *   `mayBeLocal`.
   */
  acquire(key: string, waitUntilMs: number, mayBeLocal: boolean): HeldLock | Promise<HeldLock>;
  /** Whether a caller of this process holds the lock, or waits for it. */
  isWanted(key: string): boolean;
  /**
   * How often the lock has been released so far, counted together with the locks of some other keys.
   * A holder that finds the same number as before knows that no other caller has held it since.
   *
   * @returns NaN, which equals nothing, where other processes may hold the lock, too.
   */
  releases(key: string): number;
}

/** Locks of this process alone. Waiting callers get a lock in the order in which they asked for it. */
export function createLocalLocks(): KeyedLocks {
  const turns = new Turns();
  return {
    acquire: (key, waitUntilMs) => turns.take(key, waitUntilMs),
    isWanted: (key) => turns.find(key) !== null,
    releases: (key) => turns.passed(key),
  };
}

const bucketCount = 1_024;
/** How many callers may wait for one key. */
const maxWaiting = 200;

/**
 * The queues of this process, one for each key that is held.
 *
 * This is not a Map: one that is constantly added to and deleted from leaves its old tables behind,
 * and in the old generation each of them keeps its former entries alive, down to the request body
 * that an id is a slice of. Turns are linked in lists instead, and can be collected once they end.
 */
export class Turns<Left = never> {
  readonly #buckets: (Turn<Left> | null)[] = new Array<null>(bucketCount).fill(null);
  readonly #passed = new Float64Array(bucketCount);

  /**
   * Begins the turn of the key, or waits for it.
   *
   * @throws {LockBusyError} (or rejecting)
   */
  take(key: string, waitUntilMs: number): Turn<Left> | Promise<Turn<Left>> {
    const bucket = bucketOf(key);
    const turn = this.#find(key, bucket);
    if (turn !== null) return this.#wait(turn, waitUntilMs);
    const next = this.#buckets[bucket] ?? null;
    return (this.#buckets[bucket] = new Turn(this, key, bucket, next));
  }

  /** The turn of the key; `null` where it is not held. */
  find(key: string): Turn<Left> | null {
    return this.#find(key, bucketOf(key));
  }

  /** How often turns of the key, and of other keys in the same bucket, were passed on or ended. */
  passed(key: string): number {
    return this.#passed[bucketOf(key)] ?? 0;
  }

  /** Passes the turn to the caller that has waited longest, or ends it. */
  pass(turn: Turn<Left>): void {
    const { first, bucket } = turn;
    this.#passed[bucket] = (this.#passed[bucket] ?? 0) + 1;
    if (first === null) this.#end(turn);
    else {
      turn.remove(first);
      clearTimeout(first.timer);
      first.resolve(turn);
    }
  }

  #find(key: string, bucket: number): Turn<Left> | null {
    let turn = this.#buckets[bucket] ?? null;
    while (turn !== null && turn.key !== key) turn = turn.next;
    return turn;
  }

  #wait(turn: Turn<Left>, waitUntilMs: number): Promise<Turn<Left>> {
    const ms = waitUntilMs - performance.now();
    if (turn.waiting >= maxWaiting) throw new LockBusyError('full');
    if (ms <= 0) throw new LockBusyError('timeout');
    return new Promise((resolve, reject) => {
      const waiter = new Waiter<Left>(resolve);
      turn.add(waiter);
      if (ms > longestTimerMs) return;
      waiter.timer = setTimeout(() => {
        turn.remove(waiter);
        reject(new LockBusyError('timeout'));
      }, ms);
      waiter.timer.unref();
    });
  }

  #end(turn: Turn<Left>): void {
    const { bucket } = turn;
    let before: Turn<Left> | null = null;
    let at = this.#buckets[bucket] ?? null;
    while (at !== null && at !== turn) {
      before = at;
      at = at.next;
    }
    if (at === null) throw new Error('A lock was released twice.');
    if (before === null) this.#buckets[bucket] = turn.next;
    else before.next = turn.next;
  }
}

/** A longer timer would fire at once. */
const longestTimerMs = 2_147_483_647;

function bucketOf(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return hash & (bucketCount - 1);
}

/** A key that is held: the callers of this process pass it on as long as any of them waits. */
export class Turn<Left> implements HeldLock {
  readonly lease = null;
  readonly key: string;
  readonly bucket: number;
  /** The next turn in the same bucket. */
  next: Turn<Left> | null;
  first: Waiter<Left> | null = null;
  last: Waiter<Left> | null = null;
  waiting = 0;
  /** What the previous holder has left to the next one. */
  left: Left | null = null;
  readonly #turns: Turns<Left>;

  constructor(turns: Turns<Left>, key: string, bucket: number, next: Turn<Left> | null) {
    this.#turns = turns;
    this.key = key;
    this.bucket = bucket;
    this.next = next;
  }

  release(): void {
    this.#turns.pass(this);
  }

  abandon(): void {
    setTimeout(() => {
      this.#turns.pass(this);
    }, leaseMs).unref();
  }

  add(waiter: Waiter<Left>): void {
    waiter.earlier = this.last;
    if (this.last === null) this.first = waiter;
    else this.last.later = waiter;
    this.last = waiter;
    this.waiting += 1;
  }

  remove(waiter: Waiter<Left>): void {
    const { earlier, later } = waiter;
    if (earlier === null) this.first = later;
    else earlier.later = later;
    if (later === null) this.last = earlier;
    else later.earlier = earlier;
    this.waiting -= 1;
  }
}

class Waiter<Left> {
  earlier: Waiter<Left> | null = null;
  later: Waiter<Left> | null = null;
  timer: NodeJS.Timeout | undefined;
  readonly resolve: (turn: Turn<Left>) => void;

  constructor(resolve: (turn: Turn<Left>) => void) {
    this.resolve = resolve;
  }
}
