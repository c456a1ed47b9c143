import { setTimeout as delay } from 'node:timers/promises';

import { FailureThrottle } from './failure-throttle.ts';
import { codeOf, UnusableRedisError } from './redis-failure.ts';

export interface Outage {
  /** The error of the first call that failed. */
  readonly cause: unknown;
}

/** A cause other than the one that was reported last. */
export interface CauseChange extends Outage {
  /** Failures since a cause was last reported. */
  readonly failures: number;
}

export interface Recovery {
  readonly outageMs: number;
  /** Calls that were decided without Redis. */
  readonly calls: number;
}

export interface RedisAvailabilityObserver {
  /** Called once for each outage, when it begins. */
  readonly onOutage?: ((outage: Outage) => void) | undefined;
  /** Called during an outage when its cause has changed: at most once a minute for each cause. */
  readonly onCauseChange?: ((change: CauseChange) => void) | undefined;
  /** Called once for each outage, when Redis answers again. */
  readonly onRecovery?: ((recovery: Recovery) => void) | undefined;
}

export interface RedisAvailabilityOptions extends RedisAvailabilityObserver {
  /** Makes a call that needs everything its users need, writing included. Rejects when it fails. */
  readonly probe: () => Promise<void>;
  /**
   * Milliseconds between two probes while Redis does not answer.
   *
   * @default 250
   */
  readonly probeIntervalMs?: number | undefined;
}

interface OngoingOutage {
  readonly sinceMs: number;
  readonly throttle: FailureThrottle;
  /** The latest cause, and the one that was reported last. */
  code: string;
  toldCode: string;
  calls: number;
}

/**
 * Whether Redis answers, for all that is kept in it. The first failed call begins an outage. While it
 * lasts, probes are sent one at a time, the first without delay, until one is answered.
 */
export class RedisAvailability {
  readonly #options: RedisAvailabilityOptions;
  readonly #closing = new AbortController();
  #outage: OngoingOutage | undefined;
  #answered = false;
  #recoveries = 0;
  #suspected = false;

  constructor(options: RedisAvailabilityOptions) {
    this.#options = options;
  }

  /** Whether the last call was answered; false until the first one is. */
  get healthy(): boolean {
    return this.#answered && this.#outage === undefined;
  }

  /** The code that says why Redis does not answer; `null` where it does, or was never called. */
  get cause(): string | null {
    return this.#outage?.code ?? null;
  }

  /** Whether an outage is known, so that calls need not be tried. */
  get down(): boolean {
    return this.#outage !== undefined;
  }

  /** Counts outages that have ended. To be read before a call is made: see `failed`. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /**
   * Sends the first probe. Resolves when it was answered, or when an outage has begun.
   *
   * @throws {UnusableRedisError} (rejecting) Where only another configuration can help.
   */
  async start(): Promise<void> {
    try {
      await this.#options.probe();
      this.#answered = true;
    } catch (error) {
      if (error instanceof UnusableRedisError) throw error;
      this.#begin(error);
    }
  }

  /** A call was answered. */
  succeeded(): void {
    this.#answered = true;
  }

  /**
   * A call was not answered.
   *
   * @param recoveriesBefore - `recoveries` when it was made: a call from before an outage that is
   *   over by now says nothing about Redis.
   */
  failed(cause: unknown, recoveriesBefore: number): void {
    if (this.#recoveries === recoveriesBefore) this.#begin(cause);
  }

  /**
   * A call failed for a reason that may concern this call alone. A probe, at most one in each
   * interval, finds out whether Redis fails other calls, too.
   */
  suspect(): void {
    if (this.#suspected || this.#outage !== undefined || this.#isClosed) return;
    this.#suspected = true;
    const recoveriesBefore = this.#recoveries;
    this.#options.probe().then(
      () => {
        this.#answered = true;
      },
      (error: unknown) => {
        this.failed(error, recoveriesBefore);
      },
    );
    void this.#pause().then(() => {
      this.#suspected = false;
    });
  }

  /** A call was decided without Redis. */
  decidedAlone(): void {
    if (this.#outage !== undefined) this.#outage.calls += 1;
  }

  /** Ends the probes. The observer is not called any more. */
  close(): void {
    this.#closing.abort();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #begin(cause: unknown): void {
    if (this.#outage !== undefined || this.#isClosed) return;
    const code = codeOf(cause);
    const throttle = new FailureThrottle();
    throttle.tell(code);
    this.#outage = { sinceMs: performance.now(), throttle, code, toldCode: code, calls: 0 };
    this.#options.onOutage?.({ cause });
    void this.#probeUntilAnswered(this.#outage);
  }

  async #probeUntilAnswered(outage: OngoingOutage): Promise<void> {
    while (!(await this.#answersProbe(outage))) {
      if (this.#isClosed) return;
      await this.#pause();
    }
    if (this.#isClosed) return;
    this.#answered = true;
    this.#outage = undefined;
    this.#recoveries += 1;
    this.#options.onRecovery?.({
      outageMs: performance.now() - outage.sinceMs,
      calls: outage.calls,
    });
  }

  async #answersProbe(outage: OngoingOutage): Promise<boolean> {
    try {
      await this.#options.probe();
      return true;
    } catch (cause) {
      outage.code = codeOf(cause);
      if (outage.code === outage.toldCode) outage.throttle.count();
      else this.#tellChange(outage, cause);
      return false;
    }
  }

  #tellChange(outage: OngoingOutage, cause: unknown): void {
    const failures = outage.throttle.tell(outage.code);
    if (failures === null || this.#isClosed) return;
    outage.toldCode = outage.code;
    this.#options.onCauseChange?.({ cause, failures });
  }

  #pause(): Promise<void> {
    return delay(this.#options.probeIntervalMs ?? 250, undefined, { ref: false });
  }
}
