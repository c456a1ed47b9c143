import type { Linked, RecencyList } from './recency-list.ts';

/**
 * The newest calls of one user in one group, in microseconds, in a ring. It grows with use, so that
 * a user of few calls costs little.
 */
export class CallLog implements Linked<CallLog> {
  readonly user: string;
  /** Which of the table's lists it is in, and its neighbours there. */
  tier: RecencyList<CallLog> | undefined;
  older: CallLog | undefined;
  newer: CallLog | undefined;

  #times: number[] = [];
  /** Index of the oldest call once the ring is full. */
  #start = 0;

  constructor(user: string) {
    this.user = user;
  }

  get size(): number {
    return this.#times.length;
  }

  /** Time of the call that `age` calls came after: 0 is the newest. -Infinity beyond the oldest. */
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
