import type { Cancellation } from '../cancellation.ts';
import type { EventStream } from '../engine/latest-stream.ts';
import type { Ahead } from '../engine/operation.ts';
import { ServiceKey, type RequestContext } from '../engine/request-context.ts';
import type { TypedError } from '../errors.ts';
import type { User } from '../identity/user.ts';
import type { JsonText } from '../json/index.ts';
import type { Behalf } from '../rest/request.ts';
import type { KeyedLocks } from '../shared-state/keyed-locks.ts';
import type { Ownership } from './ownership.ts';

/** How deep a context may nest, in requests and in the API's responses: the limit of the API itself. */
export const maxContextDepth = 128;

/** An AI execution context: the JSON state and the session of an agent's run. */
export interface ExecutionContext {
  readonly id: string;
  readonly agentId: string | null;
  readonly workflowId: string | null;
  /**
   * The owner; `null` where only administrators may access the context. Undefined where the API's
   * response lacks it, which means `null` in a response to a read, and nothing in one to a write.
   */
  readonly userId: string | null | undefined;
  readonly sessionId: string | null;
  /** Any JSON value except null, as the API wrote it; `null` where none is stored. */
  readonly context: JsonText | null;
  /** RFC 3339, as the API wrote it. */
  readonly createdAt: string | null;
}

/** A page of contexts, as the API returned it. */
export interface ExecutionContextPage {
  readonly items: readonly ExecutionContext[];
  readonly hasMore: boolean;
}

/** Which page to list. `null` does not filter. */
export interface ListQuery {
  readonly page: number;
  readonly perPage: number;
  readonly agentId: string | null;
  readonly workflowId: string | null;
}

/** The changes of an update. `null` keeps the stored value. */
export interface ExecutionContextChanges {
  readonly context: JsonText | null;
  readonly sessionId: string | null;
}

/** The context to create. `null` is not stored. */
export interface NewExecutionContext {
  readonly agentId: string;
  readonly workflowId: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly context: JsonText | null;
}

/**
 * The storage of execution contexts: the port that the operations work through. Each call resolves
 * with the requested data or rejects with a {@link TypedError}; any other rejection is a bug.
 *
 * The calls of one field share a deadline on the clock of `performance.now()`. A `cancellation` may end
 * a write earlier.
 */
export interface ExecutionContextStore {
  /** Returns the deadline of one field that begins now, in milliseconds of `performance.now()`. */
  deadline(): number;
  fetch(id: string, behalf: Behalf, deadline: number): Promise<ExecutionContext>;
  list(query: ListQuery, behalf: Behalf, deadline: number): Promise<ExecutionContextPage>;
  create(input: NewExecutionContext, behalf: Behalf, deadline: number): Promise<ExecutionContext>;
  update(
    id: string,
    changes: ExecutionContextChanges,
    behalf: Behalf,
    deadline: number,
    cancellation?: Cancellation | null,
  ): Promise<ExecutionContext>;
  delete(
    id: string,
    behalf: Behalf,
    deadline: number,
    cancellation?: Cancellation | null,
  ): Promise<void>;
}

/** The event, and the answer, that a context was deleted. */
export interface DeletedContext {
  readonly deletedId: string;
}

/** An event of a watched context. An error or a deletion is the last one. */
export type ExecutionContextEvent = ExecutionContext | DeletedContext | TypedError;

/** Streams of contexts as they change. */
export interface LiveContexts {
  /** How many streams are open or being opened. */
  readonly open: number;
  /**
   * Checks that `user` may open one more stream.
   *
   * @throws {RateLimitError} Where too many streams are open.
   * @throws {UpstreamError} Where no streams can be opened, because events are unavailable or the
   *   gateway is shutting down.
   */
  admit(user: User): void;
  /**
   * Reserves a place for one more stream of `user`. `cancel` releases it where the stream is not opened.
   *
   * @throws {RateLimitError} As `admit`.
   * @throws {UpstreamError} As `admit`.
   */
  reserve(user: User): Ahead;
  /**
   * Opens a stream: first the current state, then each state with a new version.
   *
   * @param reserved - Its place, which is released when the stream ends; `null` where none was reserved.
   * @throws {TypedError} (rejecting) Where too many streams are open, or the context cannot be shown.
   */
  watch(
    id: string,
    request: RequestContext,
    reserved: Ahead | null,
  ): Promise<EventStream<ExecutionContextEvent>>;
  /** Notifies watchers. To be called after a write that was applied, or may have been. */
  changed(id: string): void;
  /** As `changed`, after a deletion that the API has confirmed. */
  deleted(id: string): void;
  /** Interrupts every stream, and refuses new ones. */
  close(): void;
}

/** The key under which the composition root registers the {@link LiveContexts}. */
export const liveContexts = new ServiceKey<LiveContexts>('live execution contexts');

/** The services of the operations on execution contexts. */
export interface ExecutionContexts {
  readonly store: ExecutionContextStore;
  readonly ownership: Ownership;
  /** Locks by the id of a context, which serialise its writes. @default locks of this gateway alone */
  readonly locks?: KeyedLocks | undefined;
}

/** The key under which the composition root registers the {@link ExecutionContexts}. */
export const executionContexts = new ServiceKey<ExecutionContexts & { readonly locks: KeyedLocks }>(
  'execution contexts',
);
