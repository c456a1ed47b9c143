/** A member of a result union, as a client hands it to a component. */
export interface Member {
  readonly __typename?: string;
  readonly id?: string;
  readonly context?: unknown;
  readonly deletedId?: string;
  readonly code?: string;
  readonly retryAfterMs?: number;
}

/** What a page does with `ctx_1`, by whatever client. */
export interface FrontEnd {
  /** Asks the gateway, whatever is in the cache. */
  read(id?: string): Promise<Member>;
  merge(patch: object, id?: string): Promise<Member>;
  delete(): Promise<Member>;
  watch(id?: string): Watched;
}

export interface Watched {
  /** The next event; null after the last. */
  next(): Promise<Member | null>;
  readonly stop: () => void;
}

/** Where a client delivers events, for a test to take them one by one. */
export interface Events extends Watched {
  readonly push: (member: Member) => void;
  readonly complete: () => void;
  readonly error: (error: unknown) => void;
  /** What `stop` has to do. */
  onStop(stop: () => void): void;
}

export function createEvents(): Events {
  const events: (Member | Error | null)[] = [];
  let wake = (): void => undefined;
  let stop = (): void => undefined;
  function add(event: Member | Error | null): void {
    events.push(event);
    wake();
  }
  return {
    push: add,
    complete: () => {
      add(null);
    },
    error: (error) => {
      add(new Error('The stream failed.', { cause: error }));
    },
    onStop(ending) {
      stop = ending;
    },
    stop: () => {
      stop();
    },
    async next() {
      while (events.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const event = events.shift() ?? null;
      if (event instanceof Error) throw event;
      return event;
    },
  };
}
