/**
 * The times of the newest calls of one user in one group, in microseconds, in a ring. It grows with
 * use, so that a user with few calls costs little.
 */
export class CallLog {
  readonly user: string;
  /** The table's tier that the log is in, and its neighbours there. */
  tier: Tier | undefined;
  older: CallLog | undefined;
  newer: CallLog | undefined;

  #times: number[] = [];
  /** Index of the oldest call once the ring is full. */
  #start = 0;

  constructor(user: string) {
    this.user = user;
  }

  /** The time of the call after which `age` calls came: 0 is the newest. -Infinity beyond the oldest. */
  at(age: number): number {
    const { length } = this.#times;
    if (age >= length) return -Infinity;
    return this.#times[(this.#start + length - 1 - age) % length] ?? -Infinity;
  }

  /** Adds a call no older than the newest, keeping at most `capacity` of them. */
  push(time: number, capacity: number): void {
    if (this.#times.length < capacity) {
      this.#straighten();
      this.#times.push(time);
      return;
    }
    this.#times[this.#start] = time;
    this.#start = (this.#start + 1) % this.#times.length;
  }

  /** How many calls are newer than `time`; a binary search. */
  countAfter(time: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle) > time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #straighten(): void {
    if (this.#start === 0) return;
    this.#times = [...this.#times.slice(this.#start), ...this.#times.slice(0, this.#start)];
    this.#start = 0;
  }
}

/**
 * The logs of one group's users, at most `maxUsers` of them.
 *
 * They are in tiers by how many calls count (1, 2-3, 4-7, ...). A new user in a full table displaces the
 * least recently charged log of the lowest tier, whose loss forgets the fewest calls. So a flood of
 * users with one call each displaces only other users with one call, and to make the gateway forget
 * the `n` calls of a user, `maxUsers` others must each make more than `n / 2` within the window.
 */
export class LogTable {
  readonly #maxUsers: number;
  readonly #logs = new Map<string, CallLog>();
  readonly #tiers: Tier[] = [];
  #sweptTier = 0;

  constructor(maxUsers: number) {
    this.#maxUsers = maxUsers;
  }

  get size(): number {
    return this.#logs.size;
  }

  get(user: string): CallLog | undefined {
    return this.#logs.get(user);
  }

  /**
   * Adds a call to the user's log, of which `count` with this one now count.
   *
   * @param known - What {@link get} returns for the user.
   */
  charge(
    known: CallLog | undefined,
    user: string,
    time: number,
    count: number,
    capacity: number,
  ): void {
    const log = known ?? this.#add(user);
    log.push(time, capacity);
    log.tier?.remove(log);
    log.tier = this.#tierFor(count);
    log.tier.append(log);
  }

  /**
   * Removes users whose newest call is not newer than `horizon`. Each call visits one tier and removes
   * from it at most two logs for each tier there is: that is more than one call can add, so that idle
   * users do not accumulate, and no single call pays for many.
   */
  sweep(horizon: number): void {
    const tier = this.#tiers[this.#sweptTier];
    this.#sweptTier = (this.#sweptTier + 1) % Math.max(1, this.#tiers.length);
    for (let budget = 2 * this.#tiers.length; budget > 0; budget -= 1) {
      const log = tier?.oldest;
      if (log === undefined || log.at(0) > horizon) return;
      this.#drop(log);
    }
  }

  #add(user: string): CallLog {
    if (this.#logs.size >= this.#maxUsers) {
      const victim = this.#tiers.find((tier) => tier.oldest !== undefined)?.oldest;
      if (victim !== undefined) this.#drop(victim);
    }
    const log = new CallLog(user);
    this.#logs.set(user, log);
    return log;
  }

  #drop(log: CallLog): void {
    log.tier?.remove(log);
    this.#logs.delete(log.user);
  }

  #tierFor(count: number): Tier {
    const index = 31 - Math.clz32(count);
    while (this.#tiers.length < index) this.#tiers.push(new Tier());
    return (this.#tiers[index] ??= new Tier());
  }
}

/**
 * Logs from the least to the most recently charged, in a linked list: a `Set` that is deleted from and
 * added to keeps its dead slots at the front, and reading its first element gets slower with them.
 */
class Tier {
  #oldest: CallLog | undefined;
  #newest: CallLog | undefined;

  get oldest(): CallLog | undefined {
    return this.#oldest;
  }

  append(log: CallLog): void {
    log.older = this.#newest;
    log.newer = undefined;
    if (this.#newest === undefined) this.#oldest = log;
    else this.#newest.newer = log;
    this.#newest = log;
  }

  remove(log: CallLog): void {
    if (log.older === undefined) this.#oldest = log.newer;
    else log.older.newer = log.newer;
    if (log.newer === undefined) this.#newest = log.older;
    else log.newer.older = log.older;
  }
}
