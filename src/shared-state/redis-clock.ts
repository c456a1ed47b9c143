/**
 * How fast two clocks may drift apart: the most an NTP daemon slews a clock by, 500 ppm (RFC 5905,
 * section 11.3), for either end.
 */
const driftRate = 0.001;

/**
 * What Redis' clock can be said to read, told from the time in its replies.
 *
 * A reply read the clock somewhere between sending and receiving, so at its receipt Redis' clock
 * shows at least what the reply says. That lower bound is what a deadline must be told in: held
 * against Redis' clock, it never passes later than it does here. The bound falls short by the time
 * the reply took, so the quickest reply is kept, until drift has eaten its advantage.
 */
export class RedisClock {
  #lower: { readonly offsetUs: number; readonly atMs: number } | undefined;
  #observedMs = -Infinity;

  /** When the last reply was taken in, in milliseconds of the local clock. */
  get observedMs(): number {
    return this.#observedMs;
  }

  /**
   * Takes in a reply sent for at `sentMs` and received at `receivedMs` of the local clock.
   *
   * @param redisUs - The time in the reply, in microseconds.
   */
  observe(sentMs: number, receivedMs: number, redisUs: number): void {
    this.#observedMs = receivedMs;
    const lowerUs = redisUs - receivedMs * 1000;
    const upperUs = redisUs - sentMs * 1000;
    const known = this.#offsetUs(receivedMs);
    const setBack = known !== undefined && upperUs < known;
    if (known === undefined || lowerUs >= known || setBack) {
      this.#lower = { offsetUs: lowerUs, atMs: receivedMs };
    }
  }

  /** Forgets all, as when a connection ends: another server may answer on the next. */
  reset(): void {
    this.#lower = undefined;
    this.#observedMs = -Infinity;
  }

  /**
   * The latest time of Redis' clock, in whole microseconds, that is surely reached by `localMs`: 0,
   * which every clock has passed, when there was no reply yet.
   *
   * @param nowMs - The local clock at this moment.
   */
  surelyReachedAt(localMs: number, nowMs: number): number {
    const offsetUs = this.#offsetUs(nowMs);
    return offsetUs === undefined ? 0 : Math.floor(localMs * 1000 + offsetUs);
  }

  #offsetUs(nowMs: number): number | undefined {
    if (this.#lower === undefined) return undefined;
    return this.#lower.offsetUs - (nowMs - this.#lower.atMs) * 1000 * driftRate;
  }
}
