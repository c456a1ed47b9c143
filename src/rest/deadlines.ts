import { performance } from 'node:perf_hooks';

/** What is told when its time is up. It is itself its place in the list: adding one allocates nothing. */
export interface DeadlineEntry {
  /** On the clock of `performance.now()`, in milliseconds. */
  readonly deadline: number;
  /** Both belong to the list; `null` before the entry is added. */
  earlier: DeadlineEntry | null;
  later: DeadlineEntry | null;
  /** The entry is no longer in the list by then. */
  deadlinePassed(): void;
}

export interface Deadlines {
  add(entry: DeadlineEntry): void;
  /** Does nothing where the entry is not in the list. */
  remove(entry: DeadlineEntry): void;
}

/**
 * Deadlines in their order, and one timer for the first of them: a timer for each request would cost
 * more than the rest of its deadline. Entries come mostly in order, so each goes in at the end.
 *
 * The timer stays when its entry goes, and is set anew when it fires; it keeps no process alive.
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
