/** An execution context as the API stores and sends it. */
export interface StoredContext {
  readonly id: string;
  readonly agent_id?: string | null;
  readonly workflow_id?: string | null;
  readonly user_id?: string | null;
  readonly session_id?: string | null;
  /** Any JSON, as `parseJson` reads it. */
  readonly context?: unknown;
  /** RFC 3339. */
  readonly created_at?: string | null;
}

/** What the API holds. */
export interface ContextStore {
  readonly contexts: Map<string, StoredContext>;
  /** Contexts an agent is working in, which cannot be deleted. */
  readonly inUse: ReadonlySet<string>;
}

export function createContextStore(
  contexts: Iterable<StoredContext> = [],
  inUse: Iterable<string> = [],
): ContextStore {
  return {
    contexts: new Map(Array.from(contexts, (context) => [context.id, context])),
    inUse: new Set(inUse),
  };
}
