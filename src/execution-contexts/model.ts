import type { EventStream } from '../engine/latest-stream.ts';
import type { Ahead } from '../engine/operation.ts';
import { ServiceKey, type RequestContext } from '../engine/request-context.ts';
import type { TypedError } from '../errors.ts';
import type { User } from '../identity/user.ts';
import type { JsonText } from '../json/index.ts';
import type { Behalf, Departure } from '../rest/request.ts';
import type { KeyedLocks } from '../shared-state/keyed-locks.ts';
import type { Ownership } from './ownership.ts';

/** How deep a context may nest, either way: what the API itself takes. */
export const maxContextDepth = 128;

/** An AI execution context: the JSON state and the session of an agent's run. */
export interface ExecutionContext {
  readonly id: string;
  readonly agentId: string | null;
  readonly workflowId: string | null;
  /**
   * The owner; `null` where only an administrator may touch the context. Undefined where the API did
   * not say, which counts as `null` where it was asked for the context.
   */
  readonly userId: string | null | undefined;
  readonly sessionId: string | null;
  /** Any JSON value but null, as the API wrote it. */
  readonly context: JsonText | null;
  /** RFC 3339, as the API wrote it. */
  readonly createdAt: string | null;
}

/** A page of contexts, as the API cut it. */
export interface ExecutionContextPage {
  readonly items: readonly ExecutionContext[];
  readonly hasMore: boolean;
}

export interface ListQuery {
  readonly page: number;
  readonly perPage: number;
  readonly agentId: string | null;
  readonly workflowId: string | null;
}

/** `null` keeps what is stored. */
export interface ExecutionContextChanges {
  readonly context: JsonText | null;
  readonly sessionId: string | null;
}

export interface NewExecutionContext {
  readonly agentId: string;
  readonly workflowId: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly context: JsonText | null;
}

/**
 * Where execution contexts are stored: the port that the operations work through. Each call answers
 * with what was asked for or rejects with a {@link TypedError}; anything else is a bug.
 *
 * Calls of one field share a deadline on the clock of `performance.now()`. A write is given up before
 * it where its `cancellation` says so.
 */
export interface ExecutionContextStore {
  /** Starts the deadline of one field's work. */
  deadline(): number;
  fetch(id: string, behalf: Behalf, deadline: number): Promise<ExecutionContext>;
  list(query: ListQuery, behalf: Behalf, deadline: number): Promise<ExecutionContextPage>;
  create(input: NewExecutionContext, behalf: Behalf, deadline: number): Promise<ExecutionContext>;
  update(
    id: string,
    changes: ExecutionContextChanges,
    behalf: Behalf,
    deadline: number,
    cancellation?: Departure | null,
  ): Promise<ExecutionContext>;
  delete(
    id: string,
    behalf: Behalf,
    deadline: number,
    cancellation?: Departure | null,
  ): Promise<void>;
}

/** What is left of a context that is gone. */
export interface DeletedContext {
  readonly deletedId: string;
}

/** What happens to a context while it is watched. The last one may be an error. */
export type ExecutionContextEvent = ExecutionContext | DeletedContext | TypedError;

/** Shows contexts to those who watch them, as they change. */
export interface LiveContexts {
  /** How many streams are open, those that are being opened among them. */
  readonly open: number;
  /**
   * Looks whether there is room for one more stream of `user`.
   *
   * @throws RateLimitError where there is none.
   * @throws UpstreamError where no stream can be opened at this moment.
   */
  admit(user: User): void;
  /**
   * Takes the room for one more stream of `user`, which is given back where that is not opened.
   *
   * @throws as `admit`.
   */
  reserve(user: User): Ahead;
  /**
   * Opens a stream: first the context as it is now, then each state whose version is new.
   *
   * @param reserved - The room for it, given back when it ends; `null` where it was not taken yet.
   * @throws TypedError (rejecting) where there is no room, or the context cannot be shown.
   */
  watch(
    id: string,
    request: RequestContext,
    reserved: Ahead | null,
  ): Promise<EventStream<ExecutionContextEvent>>;
  /** To be called after a write that was applied, or may have been. Costs next to nothing. */
  changed(id: string): void;
  /** As `changed`, after a delete that the API has confirmed. */
  deleted(id: string): void;
  /** Interrupts every stream, and opens none any more. */
  close(): void;
}

/** Under which the composition root registers the {@link LiveContexts}. */
export const liveContexts = new ServiceKey<LiveContexts>('live execution contexts');

/** What the operations on execution contexts work with. */
export interface ExecutionContexts {
  readonly store: ExecutionContextStore;
  readonly ownership: Ownership;
  /** By the id of a context: its writes are one queue. @default locks of this gateway alone */
  readonly locks?: KeyedLocks | undefined;
}

/** Under which the composition root registers the {@link ExecutionContexts}. */
export const executionContexts = new ServiceKey<ExecutionContexts & { readonly locks: KeyedLocks }>(
  'execution contexts',
);
