/** Elects one of the replicas that want to do the same work, for a limited time. */
export interface Election {
  /**
   * Elects this replica for `name` where no other replica is elected, and prolongs its term where it
   * is elected already.
   *
   * @param termMs - Milliseconds from now.
   * @returns 0 where this replica is elected, else the milliseconds for which another one is.
   * @throws (rejecting) Where Redis did not reply, or refused the call.
   */
  acquire(name: string, termMs: number): Promise<number>;
  /** Ends the term of this replica, where it is elected. Waits for nothing and never throws. */
  release(name: string): void;
}
