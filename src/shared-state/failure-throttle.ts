const tellAgainMs = 60_000;

/**
 * Decides which failures are logged, so that a log grows with the causes of failures and not with
 * their number: a cause is logged when it first occurs, and again a minute later at the soonest.
 *
 * This is for single calls that fail among others that succeed. `createFailureLog` is for something
 * that fails until it works again, which it logs, too.
 */
export class FailureThrottle {
  readonly #toldMs = new Map<string, number>();
  #failures = 0;

  /** Counts a failure that is not logged, whatever its cause. */
  count(): void {
    this.#failures += 1;
  }

  /**
   * Counts a failure.
   *
   * @param code - The word that names its cause.
   * @returns Where this failure is to be logged: how many came before it since one was last logged. Else
   *   `null`.
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
