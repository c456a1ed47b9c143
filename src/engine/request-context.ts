import type { Cancellation } from '../cancellation.ts';
import { findBearerToken } from '../identity/bearer.ts';
import type { Identity } from '../identity/identity.ts';
import { requireUser } from '../identity/identity.ts';
import type { Limit } from '../rate-limit/limit.ts';
import type { RateLimiter } from '../rate-limit/limiter.ts';
import { toRateLimitError } from '../rate-limit/decision.ts';
import type { RateLimitDecision } from '../rate-limit/store.ts';
import type { Behalf } from '../rest/request.ts';
import type { OperationLabel } from '../telemetry/metrics.ts';
import { operationAttributes } from '../telemetry/request-span.ts';
import type { Span, TraceContext } from '../telemetry/tracing.ts';
import type { Incoming } from './incoming.ts';

/** Names something that lives as long as the gateway, so that operations can ask for it by type. */
export class ServiceKey<Service> {
  readonly name: string;
  /** Only for the type checker: keys of different services are different types. */
  declare readonly service: Service;

  constructor(name: string) {
    this.name = name;
  }
}

/** The services that the composition root registered, by their keys. */
export class Services {
  readonly #services = new Map<ServiceKey<unknown>, unknown>();

  set<Service>(key: ServiceKey<Service>, service: Service): this {
    this.#services.set(key, service);
    return this;
  }

  /** @throws {TypeError} where nothing is registered under `key`. */
  get<Service>(key: ServiceKey<Service>): Service {
    const service = this.#services.get(key);
    if (service === undefined) throw new TypeError(`No service is registered as "${key.name}".`);
    return service as Service;
  }
}

/**
 * Called with the member of its result union that each root field returned, and the code if that is
 * an error. All strings are names in the schema, so they are safe as labels of metrics.
 */
export type ResultListener = (
  operation: OperationLabel,
  field: string,
  member: string,
  code: string | null,
) => void;

/** What every request needs and what lives as long as the gateway. */
export interface RequestEnvironment {
  readonly services: Services;
  readonly rateLimiter: RateLimiter;
  readonly onResult: ResultListener;
  /** Called with the error's code when an entity reference of another subgraph is resolved to null. */
  readonly onNullReference: (code: string) => void;
}

/** The GraphQL context, one for each request: all that operations can see of the request. */
export class RequestContext implements Behalf {
  readonly requestId: string;
  readonly identity: Identity;
  readonly span: Span | null;
  readonly departure: Cancellation | null;
  /** Whether the operation has several root fields, so that reads may be worth sharing. */
  readonly isSharing: boolean;
  readonly #environment: RequestEnvironment;
  readonly #incoming: Incoming;
  #peeked: Set<string> | undefined;
  #locals: Map<object, unknown> | undefined;

  constructor(
    environment: RequestEnvironment,
    incoming: Incoming,
    identity: Identity,
    isSharing: boolean,
    span: Span | null = incoming.span,
  ) {
    this.requestId = incoming.requestId;
    this.identity = identity;
    this.span = span;
    this.departure = incoming.departure;
    this.isSharing = isSharing;
    this.#environment = environment;
    this.#incoming = incoming;
  }

  get trace(): TraceContext | undefined {
    return this.span === null ? this.#incoming.trace : this.span.trace;
  }

  /**
   * Starts the span of an operation.
   *
   * @param parent - The {@link span} of this request.
   * @param field - The coordinate of the operation's field.
   * @returns The new span, and the same request with that span as the parent of its calls.
   */
  within(parent: Span, field: string): { readonly request: RequestContext; readonly span: Span } {
    const { operation, operationName } = this.#incoming.outgoing;
    const span = parent.startChild(field, operationAttributes(operation, operationName));
    const { identity, isSharing } = this;
    const request = new RequestContext(
      this.#environment,
      this.#incoming,
      identity,
      isSharing,
      span,
    );
    request.#peeked = this.#peeked ??= new Set();
    request.#locals = this.#locals ??= new Map();
    return { request, span };
  }

  /** @throws {TypeError} where nothing is registered under `key`. */
  service<Service>(key: ServiceKey<Service>): Service {
    return this.#environment.services.get(key);
  }

  /** Returns the value kept for this request under `key`; `make` creates it at the first call. */
  local<Value>(key: object, make: () => Value): Value {
    this.#locals ??= new Map();
    if (!this.#locals.has(key)) this.#locals.set(key, make());
    return this.#locals.get(key) as Value;
  }

  /**
   * Returns the caller's session token, which is a secret; `null` for an anonymous caller, and for one
   * that was not identified by a bearer token.
   */
  revealToken(): string | null {
    if (this.identity.kind === 'anonymous') return null;
    return findBearerToken(this.#incoming.authorization);
  }

  /**
   * Charges one call to the caller's count of a limit. Returns no promise where limits are counted in
   * memory.
   *
   * @throws {RateLimitError} (or rejects with one) where a window refuses it.
   */
  charge(limit: Limit): void | Promise<void> {
    const user = requireUser(this.identity);
    const span = this.span === null ? null : startLimitSpan(this.span, limit);
    const decision = this.#environment.rateLimiter.decide(user.id, limit, 1);
    if (decision instanceof Promise) {
      return decision.then(
        (decided) => {
          this.#applyDecision(limit, decided, span);
        },
        span && failLimitSpan.bind(null, span),
      );
    }
    this.#applyDecision(limit, decision, span);
  }

  /**
   * Looks up the caller's remaining quota of a limit without charging it. A call that was refused before
   * its limit still reports the quota in its headers. An anonymous caller has no quota.
   */
  peek(limit: Limit): void | Promise<void> {
    const { identity } = this;
    if (identity.kind === 'anonymous' || this.#peeked?.has(limit.group)) return;
    (this.#peeked ??= new Set()).add(limit.group);
    const decision = this.#environment.rateLimiter.decide(identity.user.id, limit, 0);
    if (decision instanceof Promise) {
      return decision.then((decided) => {
        this.#incoming.outgoing.noteDecision(limit, decided);
      });
    }
    this.#incoming.outgoing.noteDecision(limit, decision);
  }

  /** Records the member of its result union that a root field returned. */
  answered(operation: OperationLabel, field: string, member: string, code: string | null): void {
    this.#incoming.outgoing.noteResult(code ?? member);
    this.#environment.onResult(operation, field, member, code);
  }

  /** Marks the stream of this request as ending although more events are expected. */
  interrupt(): void {
    this.#incoming.outgoing.isInterrupted = true;
  }

  /** Records that an entity reference was resolved to null, by the code of the error. */
  referenceMissed(code: string): void {
    this.#environment.onNullReference(code);
  }

  /** @throws {RateLimitError} where the call is refused. */
  #applyDecision(limit: Limit, decision: RateLimitDecision, span: Span | null): void {
    if (span !== null) endLimitSpan(span, decision);
    this.#incoming.outgoing.noteDecision(limit, decision);
    if (!decision.admitted) throw toRateLimitError(decision);
  }
}

function startLimitSpan(parent: Span, { group }: Limit): Span {
  return parent.startChild('rate limit', { 'gateway.rate_limit.group': group });
}

/** A refused call is not a failure of the limiter. */
function endLimitSpan(span: Span, { admitted }: RateLimitDecision): void {
  span.set('gateway.rate_limit.verdict', admitted ? 'admitted' : 'refused');
  span.end(null, false);
}

/** A store of the embedder may reject: see {@link RateLimiter}. */
function failLimitSpan(span: Span, error: unknown): never {
  span.end('_OTHER', true);
  throw error;
}
