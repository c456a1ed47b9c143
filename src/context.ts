import type { ExecutionContextErrorCode } from './errors.ts';
import type { ExecutionContexts } from './execution-contexts/execution-contexts.ts';
import { RequestScope } from './execution-contexts/request-scope.ts';
import { requireUser, type Identity } from './identity/identity.ts';
import type { RateLimitWindow } from './rate-limit/limit.ts';
import type { RateLimiter } from './rate-limit/limiter.ts';
import { toRateLimitError } from './rate-limit/rate-limit-error.ts';
import type { RateLimitDecision } from './rate-limit/store.ts';
import type { AnsweredResult, OperationLabel } from './telemetry/request-metrics.ts';
import type { UpstreamCall } from './upstream/client.ts';
import type { ExecutionContext } from './upstream/wire.ts';

/** What lives as long as the gateway and every request needs. */
export interface GatewayServices {
  readonly executionContexts: ExecutionContexts;
  readonly rateLimiter: RateLimiter;
  /** Told why an entity reference of another subgraph came back null. @default nobody */
  readonly onNullReference?: ((code: ExecutionContextErrorCode) => void) | undefined;
  /** Told the member of its union that a root field was answered with. @default nobody */
  readonly onResult?: ((result: AnsweredResult) => void) | undefined;
}

/** What a request brings. */
export interface RequestDetails {
  readonly requestId: string;
  readonly identity: Identity;
  readonly trace?: UpstreamCall['trace'];
  readonly signal?: UpstreamCall['signal'];
}

/** The GraphQL context: one for each request. */
export interface GatewayContext {
  readonly requestId: string;
  readonly identity: Identity;
  readonly executionContexts: RequestScope;
  /** What the limiter decided in this request so far; the response's headers tell of it. */
  readonly rateLimitDecisions: readonly RateLimitDecision[];
  /**
   * Charges one call to the caller's count of `group`.
   *
   * @throws RateLimitError where a window refuses it.
   */
  charge(group: string, windows: readonly RateLimitWindow[]): Promise<void>;
  /**
   * Takes what is left to the caller of `group` into `rateLimitDecisions` and charges nothing: for
   * a call that was refused before its limit. Nothing is counted for a caller nobody knows.
   */
  peek(group: string, windows: readonly RateLimitWindow[]): Promise<void>;
  /** References of other subgraphs under way or answered, by id: equal ones are one read. */
  readonly references: Map<string, Promise<ExecutionContext | null>>;
  readonly onNullReference: (code: ExecutionContextErrorCode) => void;
  noteResult(result: AnsweredResult): void;
  readonly facts: RequestFacts;
}

/** What a request turned out to be, for its line in the log. */
export interface RequestFacts {
  operation: OperationLabel;
  /** How many root fields were answered with each member, or error code, so far. */
  readonly results: Record<string, number>;
}

export function createContext(
  { executionContexts, rateLimiter, onNullReference = () => undefined, onResult }: GatewayServices,
  { requestId, identity, trace, signal }: RequestDetails,
): GatewayContext {
  const token = identity.kind === 'user' ? identity.user.revealToken() : null;
  const call: UpstreamCall = { requestId, token, trace, signal };
  const rateLimitDecisions: RateLimitDecision[] = [];
  let references: GatewayContext['references'] | undefined;
  const peeked = new Set<string>();
  const facts: RequestFacts = { operation: 'none', results: {} };

  return {
    requestId,
    identity,
    executionContexts: new RequestScope(executionContexts, identity, call),
    rateLimitDecisions,
    async charge(group, windows) {
      const decision = await rateLimiter.consume(requireUser(identity).id, group, windows);
      rateLimitDecisions.push(decision);
      if (!decision.admitted) throw toRateLimitError(decision);
    },
    async peek(group, windows) {
      if (identity.kind === 'anonymous' || peeked.has(group)) return;
      peeked.add(group);
      rateLimitDecisions.push(await rateLimiter.peek(identity.user.id, group, windows));
    },
    get references() {
      return (references ??= new Map());
    },
    onNullReference,
    noteResult(result) {
      const { member, code } = result;
      const { results } = facts;
      results[code ?? member] = (results[code ?? member] ?? 0) + 1;
      onResult?.(result);
    },
    facts,
  };
}
