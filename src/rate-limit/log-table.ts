import { CallLog } from './call-log.ts';
import { RecencyList } from './recency-list.ts';

/**
 * The logs of one group's users, at most `maxUsers` of them.
 *
 * They lie in tiers by how many calls count (1, 2-3, 4-7, ...). A newcomer to a full table displaces
 * the least recently charged log of the lowest tier: the one whose loss forgives the fewest calls.
 * So a flood of users with one call each displaces only its own kind, and to make the gateway forget
 * a user's `n` calls, `maxUsers` others must each make more than `n / 2` within the window.
 */
export class LogTable {
  readonly #maxUsers: number;
  readonly #logs = new Map<string, CallLog>();
  readonly #tiers: RecencyList<CallLog>[] = [];
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

  /** Adds a call to the user's log, of which `count` with this one now count. */
  charge(user: string, time: number, count: number, capacity: number): void {
    const known = this.#logs.get(user);
    if (known === undefined) this.#makeRoom();
    else known.tier?.remove(known);
    const log = known ?? new CallLog(user);
    log.push(time, capacity);
    log.tier = this.#tierFor(count);
    log.tier.append(log);
    this.#logs.set(user, log);
  }

  /**
   * Forgets users whose newest call is no newer than `horizon`. Looks at one tier a call and takes
   * at most two a tier from it: more than one call can add, so that the idle do not pile up, and no
   * single call pays for many.
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

  #makeRoom(): void {
    if (this.#logs.size < this.#maxUsers) return;
    const victim = this.#tiers.find((tier) => tier.oldest !== undefined)?.oldest;
    if (victim !== undefined) this.#drop(victim);
  }

  #drop(log: CallLog): void {
    log.tier?.remove(log);
    this.#logs.delete(log.user);
  }

  #tierFor(count: number): RecencyList<CallLog> {
    const index = 31 - Math.clz32(count);
    while (this.#tiers.length < index) this.#tiers.push(new RecencyList());
    return (this.#tiers[index] ??= new RecencyList());
  }
}
