import { performance } from 'node:perf_hooks';

/** An object with a deadline. It is itself the node of the list, so that adding it allocates nothing. */
export interface DeadlineEntry {
  /** By `performance.now()`, in milliseconds. */
  readonly deadline: number;
  /** Both are set by the list alone; `null` before the entry is added. */
  earlier: DeadlineEntry | null;
  later: DeadlineEntry | null;
  /** Called when the deadline has passed, after the entry was removed from the list. */
  deadlinePassed(): void;
}

export interface Deadlines {
  add(entry: DeadlineEntry): void;
  /** Does nothing where the entry is not in the list. */
  remove(entry: DeadlineEntry): void;
}

/**
 * Creates a list of deadlines in their order, with one timer for the first of them: a timer for each
 * request would cost more than everything else about its deadline. Entries are mostly added in order, so
 * the place of a new one is searched from the end.
 *
 * The timer is not cleared when its entry is removed, but set anew when it fires. It does not keep the
 * process alive.
 */
export function createDeadlines(): Deadlines {
  let first: DeadlineEntry | null = null;
  let last: DeadlineEntry | null = null;
  let timer: NodeJS.Timeout | null = null;
  /** When the timer fires; `Infinity` where there is none. */
  let dueAt = Infinity;

  function arm(deadline: number): void {
    if (timer !== null) clearTimeout(timer);
    dueAt = deadline;
    timer = setTimeout(fire, Math.max(1, Math.ceil(deadline - performance.now())));
    timer.unref();
  }

  function fire(): void {
    timer = null;
    dueAt = Infinity;
    const now = performance.now();
    while (first !== null && first.deadline <= now) {
      const entry = first;
      remove(entry);
      entry.deadlinePassed();
    }
    if (first !== null && first.deadline < dueAt) arm(first.deadline);
  }

  function remove(entry: DeadlineEntry): void {
    const { earlier, later } = entry;
    if (earlier === null && first !== entry) return;
    if (earlier === null) first = later;
    else earlier.later = later;
    if (later === null) last = earlier;
    else later.earlier = earlier;
    entry.earlier = entry.later = null;
  }

  return {
    add(entry) {
      let earlier = last;
      while (earlier !== null && earlier.deadline > entry.deadline) earlier = earlier.earlier;
      const later: DeadlineEntry | null = earlier === null ? first : earlier.later;
      entry.earlier = earlier;
      entry.later = later;
      if (earlier === null) first = entry;
      else earlier.later = entry;
      if (later === null) last = entry;
      else later.earlier = entry;
      if (entry.deadline < dueAt) arm(entry.deadline);
    },
    remove,
  };
}
