/** What can be in a {@link RecencyList}, in one at a time. */
export interface Linked<T> {
  older: T | undefined;
  newer: T | undefined;
}

/**
 * Items from the least to the most recently appended. Linked through the items themselves: a `Set`
 * that is deleted from and added to keeps its dead slots at the front, and reading its first
 * element takes time with them.
 */
export class RecencyList<T extends Linked<T>> {
  #oldest: T | undefined;
  #newest: T | undefined;

  get oldest(): T | undefined {
    return this.#oldest;
  }

  append(item: T): void {
    item.older = this.#newest;
    item.newer = undefined;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  remove(item: T): void {
    if (item.older === undefined) this.#oldest = item.newer;
    else item.older.newer = item.newer;
    if (item.newer === undefined) this.#newest = item.older;
    else item.newer.older = item.older;
  }
}
