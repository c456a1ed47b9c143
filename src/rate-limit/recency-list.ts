import type { CallLog } from './call-log.ts';

/**
 * Logs from the least to the most recently charged. Linked through the logs themselves: a `Set` that
 * is deleted from and added to keeps its dead slots at the front, and reading its first element
 * takes time with them.
 */
export class RecencyList {
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
