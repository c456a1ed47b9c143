/** The wait for a lock came to its end, or was refused at once. */
export class LockBusyError extends Error {
  override readonly name = 'LockBusyError';
  /** `full`: as many wait already as may. */
  readonly reason: 'timeout' | 'full';

  constructor(reason: LockBusyError['reason']) {
    super(reason === 'full' ? 'Too many wait for this lock.' : 'The lock was not free in time.');
    this.reason = reason;
  }
}

/** The lock would have to be shared with other processes, and what shares it is out of reach. */
export class LocksUnavailableError extends Error {
  override readonly name = 'LocksUnavailableError';
}

/** A lock while it is held. Whoever holds it calls `release` or `abandon`, exactly once. */
export interface HeldLock {
  /** `null` where nobody else can come to hold it before it is given back. */
  readonly lease: Lease | null;
  release(): void;
  /**
   * Leaves it to expire, because what was done under it may still go on elsewhere: nobody else comes
   * to hold it before a lease ({@link leaseMs}) is over.
   */
  abandon(): void;
}

/** How long a lock is somebody's without being renewed, in milliseconds. */
export const leaseMs = 3_000;

/** For how long a lock is surely held. */
export interface Lease {
  /** Whether to begin nothing more under the lock: somebody else may hold it shortly. */
  readonly lapsed: boolean;
  /** Called once, when the lease could not be renewed and is about to end. @default nobody */
  onLapse: (() => void) | null;
}

/** Locks by key: whoever asks for one that is held waits for it, and not for ever. */
export interface KeyedLocks {
  /**
   * Takes a lock: at once, without a promise, where that is decided in this process and nobody holds
   * it.
   *
   * @param waitUntilMs - When to stop waiting, on the clock of `performance.now()`.
   * @param mayBeLocal - Whether a lock among the callers of this process will do where the others
   *   cannot be reached.
   * @throws LockBusyError (or rejects with it)
   * @throws LocksUnavailableError (or rejects with it)
   */
  acquire(key: string, waitUntilMs: number, mayBeLocal: boolean): HeldLock | Promise<HeldLock>;
  /** Whether a caller of this process holds the lock, or waits for it. */
  isWanted(key: string): boolean;
  /**
   * How often the lock has been given back so far, along with those of some other keys. Whoever finds
   * the same number as before while holding the lock knows that nobody has held it since.
   *
   * @returns NaN, equal to nothing, where others than the callers of this process hold it, too.
   */
  releases(key: string): number;
}

/** Locks of this process alone: those who wait get the lock in the order in which they came. */
export function createLocalLocks(): KeyedLocks {
  const turns = new Turns();
  return {
    acquire: (key, waitUntilMs) => turns.take(key, waitUntilMs),
    isWanted: (key) => turns.find(key) !== null,
    releases: (key) => turns.passed(key),
  };
}

const bucketCount = 1_024;
/** How many may wait for one key. */
const maxWaiting = 200;

/**
 * The queues of this process, one for each key that is held.
 *
 * Not a Map: one that is added to and deleted from all the time leaves its old tables behind, and in
 * the old generation each of them keeps alive what it held, down to the body that an id is a slice
 * of. Turns are chained among themselves instead, and gone once they are over.
 */
export class Turns<Left = never> {
  readonly #buckets: (Turn<Left> | null)[] = new Array<null>(bucketCount).fill(null);
  readonly #passed = new Float64Array(bucketCount);

  /** @throws LockBusyError (or rejects with it) */
  take(key: string, waitUntilMs: number): Turn<Left> | Promise<Turn<Left>> {
    const bucket = bucketOf(key);
    const turn = this.#find(key, bucket);
    if (turn !== null) return this.#wait(turn, waitUntilMs);
    const next = this.#buckets[bucket] ?? null;
    return (this.#buckets[bucket] = new Turn(this, key, bucket, next));
  }

  /** The turn of the key; `null` where nobody holds it. */
  find(key: string): Turn<Left> | null {
    return this.#find(key, bucketOf(key));
  }

  /** How many turns of the key, and of those in the same bucket, have been passed or ended. */
  passed(key: string): number {
    return this.#passed[bucketOf(key)] ?? 0;
  }

  /** Gives the turn to whoever has waited longest, or ends it. */
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
    if (at === null) throw new Error('A lock was given back twice.');
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

/** What the callers of this process pass from one to the next as long as any want it. */
export class Turn<Left> implements HeldLock {
  readonly lease = null;
  readonly key: string;
  readonly bucket: number;
  /** In its bucket. */
  next: Turn<Left> | null;
  first: Waiter<Left> | null = null;
  last: Waiter<Left> | null = null;
  waiting = 0;
  /** What the one before has left to the next. */
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
