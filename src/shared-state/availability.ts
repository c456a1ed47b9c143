import { setTimeout as delay } from 'node:timers/promises';

import { codeOf, UnusableRedisError } from './redis-failure.ts';

export interface Outage {
  /** What the first call that failed met. */
  readonly cause: unknown;
}

/** A cause other than the one that was told last. */
export interface CauseChange extends Outage {
  /** Failures since a cause was told last. */
  readonly failures: number;
}

export interface Recovery {
  readonly outageMs: number;
  /** Calls that were decided without the store. */
  readonly calls: number;
}

export interface AvailabilityObserver {
  /** Told once an outage, when it begins. */
  readonly onOutage?: ((outage: Outage) => void) | undefined;
  /** Told during an outage when its cause has changed: each cause once a minute at the most. */
  readonly onCauseChange?: ((change: CauseChange) => void) | undefined;
  /** Told once an outage, when the store answers again. */
  readonly onRecovery?: ((recovery: Recovery) => void) | undefined;
}

export interface AvailabilityOptions extends AvailabilityObserver {
  /** Asks the store for something that takes all that its users need. Rejects where it fails. */
  readonly probe: () => Promise<void>;
  /**
   * Milliseconds between two probes of a store that does not answer.
   *
   * @default 250
   */
  readonly probeIntervalMs?: number | undefined;
}

interface OngoingOutage {
  readonly sinceMs: number;
  readonly causes: Causes;
  /** The cause met last, and the one told last. */
  code: string;
  toldCode: string;
  calls: number;
}

/**
 * Whether a store in another process answers. The first failure that is told begins an outage; while
 * it lasts one probe at a time, the first without delay, finds out when the store is back.
 */
export class Availability {
  readonly #options: AvailabilityOptions;
  readonly #closing = new AbortController();
  #outage: OngoingOutage | undefined;
  #answered = false;
  #recoveries = 0;
  #suspected = false;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
  }

  /** Whether the store answered when last asked; false until it first has. */
  get healthy(): boolean {
    return this.#answered && this.#outage === undefined;
  }

  /** The word for why it does not answer; `null` where it does, or was never asked. */
  get cause(): string | null {
    return this.#outage?.code ?? null;
  }

  /** Whether an outage is known of: no need to ask. */
  get down(): boolean {
    return this.#outage !== undefined;
  }

  /** To be noted before a call is made: see `failed`. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /**
   * Asks for the first time. Resolves when the store answered, or when the outage has begun.
   *
   * @throws {UnusableRedisError} Where only another configuration can help.
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
   *   over by now says nothing about the store.
   */
  failed(cause: unknown, recoveriesBefore: number): void {
    if (this.#recoveries === recoveriesBefore) this.#begin(cause);
  }

  /**
   * A call failed for a reason that may be its own. A probe, at most one in each interval, finds out
   * whether it is not.
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

  /** A call was decided without the store. */
  decidedAlone(): void {
    if (this.#outage !== undefined) this.#outage.calls += 1;
  }

  /** Probes no more, and tells nothing more. */
  close(): void {
    this.#closing.abort();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #begin(cause: unknown): void {
    if (this.#outage !== undefined || this.#isClosed) return;
    const code = codeOf(cause);
    const causes = new Causes();
    causes.tell(code);
    this.#outage = { sinceMs: performance.now(), causes, code, toldCode: code, calls: 0 };
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
      if (outage.code === outage.toldCode) outage.causes.count();
      else this.#tellChange(outage, cause);
      return false;
    }
  }

  #tellChange(outage: OngoingOutage, cause: unknown): void {
    const failures = outage.causes.tell(outage.code);
    if (failures === null || this.#isClosed) return;
    outage.toldCode = outage.code;
    this.#options.onCauseChange?.({ cause, failures });
  }

  #pause(): Promise<void> {
    return delay(this.#options.probeIntervalMs ?? 250, undefined, { ref: false });
  }
}

const tellAgainMs = 60_000;

/**
 * Causes of failures, so that a log that is told of them grows with what happens and not with how
 * often: each is told when it is first met, and a minute later at the soonest again.
 */
export class Causes {
  readonly #toldMs = new Map<string, number>();
  #failures = 0;

  /** A failure that is not told whatever its cause. */
  count(): void {
    this.#failures += 1;
  }

  /**
   * A failure of this cause.
   *
   * @returns the failures before it since one was told, where this one is to be told, else null.
   */
  tell(code: string): number | null {
    const nowMs = performance.now();
    const isTold = nowMs - (this.#toldMs.get(code) ?? -Infinity) < tellAgainMs;
    const failures = this.#failures;
    if (isTold) {
      this.#failures += 1;
      return null;
    }
    this.#toldMs.set(code, nowMs);
    this.#failures = 0;
    return failures;
  }
}
