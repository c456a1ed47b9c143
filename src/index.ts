export { startApplication } from './application.ts';
export type { Application, ApplicationOptions } from './application.ts';
export { readConfig } from './config.ts';
export type { Config, LogLevel, UpstreamAuth, UpstreamConfig } from './config.ts';
export type { GatewayContext, GatewayServices } from './context.ts';
export { ConfigurationError } from './environment.ts';
export type { ConfigurationProblem, Environment } from './environment.ts';
export {
  AuthenticationError,
  ConflictError,
  ExecutionContextError,
  ForbiddenError,
  InputError,
  NotFoundError,
  RateLimitError,
  UpstreamError,
} from './errors.ts';
export type {
  ExecutionContextErrorCode,
  InputIssue,
  RateLimitErrorOptions,
  RateLimitSource,
  UpstreamErrorCode,
  UpstreamErrorOptions,
} from './errors.ts';
export { createExecutionContexts } from './execution-contexts/execution-contexts.ts';
export type {
  Caller,
  ExecutionContexts,
  ExecutionContextsOptions,
} from './execution-contexts/execution-contexts.ts';
export { createOwnership, decidedUpstream } from './execution-contexts/ownership.ts';
export type { OwnedContext, Ownership, OwnershipOptions } from './execution-contexts/ownership.ts';
export type { GraphiQLOptions } from './graphiql/index.ts';
export { createRequestListener } from './http/request-listener.ts';
export type { RequestListenerOptions } from './http/request-listener.ts';
export { isAdministrator } from './identity/administrator.ts';
export type { AdministratorRule } from './identity/administrator.ts';
export { createIdentityResolver } from './identity/identity-resolver.ts';
export type { IdentityResolverOptions, ResolveIdentity } from './identity/identity-resolver.ts';
export type { AnonymousIdentity, Identity, UserIdentity } from './identity/identity.ts';
export { createTokenVerifier } from './identity/token-verifier.ts';
export type { TokenVerifier, TokenVerifierOptions } from './identity/token-verifier.ts';
export { User } from './identity/user.ts';
export type { RateLimitRule, RateLimitWindow } from './rate-limit/limit.ts';
export { createRateLimiter } from './rate-limit/limiter.ts';
export type { RateLimiter, RateLimiterOptions } from './rate-limit/limiter.ts';
export { createMemoryStore } from './rate-limit/memory-store.ts';
export type { MemoryStore, MemoryStoreOptions } from './rate-limit/memory-store.ts';
export { createRedisClient } from './rate-limit/redis-client.ts';
export { createRedisStore } from './rate-limit/redis-store.ts';
export type { RedisStoreOptions } from './rate-limit/redis-store.ts';
export { createResilientStore } from './rate-limit/resilient-store.ts';
export type { ResilientStore, ResilientStoreOptions } from './rate-limit/resilient-store.ts';
export type { RateLimitDecision, RateLimitKey, RateLimitStore } from './rate-limit/store.ts';
export { schema } from './schema/index.ts';
export { printSchema } from './schema/print.ts';
export { createGateway } from './server.ts';
export type { Gateway, GatewayOptions } from './server.ts';
export { createLogger } from './telemetry/logger.ts';
export type { Logger, LoggerOptions } from './telemetry/logger.ts';
export { createUpstreamClient } from './upstream/client.ts';
export type { UpstreamCall, UpstreamClient, UpstreamClientOptions } from './upstream/client.ts';
export { createExecutionContextsApi } from './upstream/execution-contexts-api.ts';
export type {
  ExecutionContextsApi,
  ExecutionContextsApiOptions,
} from './upstream/execution-contexts-api.ts';
export type { ExecutionContext, ExecutionContextPage } from './upstream/wire.ts';
