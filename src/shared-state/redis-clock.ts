/**
 * How fast two clocks may drift apart: the most an NTP daemon slews a clock by, 500 ppm (RFC 5905,
 * section 11.3), for either end.
 */
const driftRate = 0.001;

/**
 * A lower bound of what Redis' clock reads, derived from the time in its replies.
 *
 * Redis read its clock between the sending of a call and the receipt of its reply, so at the receipt
 * the clock shows at least the time in the reply. Deadlines are computed from that lower bound:
 * compared with Redis' clock, they never pass later than they do here. The bound is too low by the
 * time that the reply was under way, so the quickest reply is kept, until drift has used up its
 * advantage.
 */
export class RedisClock {
  #lower: { readonly offsetUs: number; readonly atMs: number } | undefined;
  #observedMs = -Infinity;

  /** When the last reply was observed, in milliseconds of the local clock. */
  get observedMs(): number {
    return this.#observedMs;
  }

  /**
   * Observes the reply to a call that was sent at `sentMs`, received at `receivedMs` of the local clock.
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

  /** Forgets all replies. To be called when a connection ends: the next server has another clock. */
  reset(): void {
    this.#lower = undefined;
    this.#observedMs = -Infinity;
  }

  /**
   * The latest time of Redis' clock, in whole microseconds, that is certainly reached by `localMs`. 0,
   * which every clock has passed, where no reply was observed yet.
   *
   * @param localMs - In milliseconds of the local clock.
   * @param nowMs - The present time of the local clock.
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
