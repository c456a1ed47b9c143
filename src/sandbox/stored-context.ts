/** An execution context as the API stores and sends it. */
export interface StoredContext {
  readonly id: string;
  readonly agent_id?: string | null;
  readonly workflow_id?: string | null;
  readonly user_id?: string | null;
  readonly session_id?: string | null;
  /** Any JSON value, as `parseJson` returns it. */
  readonly context?: unknown;
  /** An RFC 3339 date-time. */
  readonly created_at?: string | null;
}

/** The data of the API. */
export interface ContextStore {
  readonly contexts: Map<string, StoredContext>;
  /** The ids of contexts that an agent is using, which cannot be deleted. */
  readonly inUse: ReadonlySet<string>;
}

/** Creates a store of these contexts. */
export function createContextStore(
  contexts: Iterable<StoredContext> = [],
  inUse: Iterable<string> = [],
): ContextStore {
  return {
    contexts: new Map(Array.from(contexts, (context) => [context.id, context])),
    inUse: new Set(inUse),
  };
}
