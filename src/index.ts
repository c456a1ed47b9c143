export type { Cancellation, CancellationListener } from './cancellation.ts';
export type { GraphiQLOptions, GraphiQLTab } from './doors/fetch/graphiql/index.ts';
export {
  AuthenticationError,
  ConflictError,
  ForbiddenError,
  InputError,
  NotFoundError,
  RateLimitError,
  TypedError,
  UpstreamError,
} from './errors.ts';
export type {
  ErrorCode,
  InputIssue,
  RateLimitErrorOptions,
  RateLimitSource,
  UpstreamErrorCode,
  UpstreamErrorOptions,
} from './errors.ts';
export type {
  ExecutionContext,
  ExecutionContextChanges,
  ExecutionContextPage,
  ExecutionContexts,
  ExecutionContextStore,
  ListQuery,
  NewExecutionContext,
} from './execution-contexts/model.ts';
export { createForwardedOwnership, createOwnership } from './execution-contexts/ownership.ts';
export type { OwnedContext, Ownership, OwnershipOptions } from './execution-contexts/ownership.ts';
export { createGateway } from './gateway.ts';
export type {
  EndpointOptions,
  Gateway,
  GatewayOptions,
  IdentityOptions,
  UpstreamOptions,
} from './gateway.ts';
export type { AnonymousIdentity, Identity, ResolveIdentity } from './identity/identity.ts';
export type { User, UserIdentity } from './identity/user.ts';
export { JsonText } from './json/index.ts';
export type { RateLimitWindow } from './rate-limit/limit.ts';
export type {
  CallCost,
  ImmediateRateLimitStore,
  RateLimitDecision,
  RateLimitKey,
  RateLimitStore,
  RateLimitWindowState,
} from './rate-limit/store.ts';
export type { Behalf } from './rest/request.ts';
export { createLogger } from './telemetry/logger.ts';
export type { Logger, LoggerOptions, LogLevel } from './telemetry/logger.ts';
export type { OpenTelemetryApi, Span, SpanAttributes, TraceContext } from './telemetry/tracing.ts';
