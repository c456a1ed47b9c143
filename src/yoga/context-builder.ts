import { createContext, type GatewayContext, type GatewayServices } from '../context.ts';
import type { ResolveIdentity } from '../identity/identity-resolver.ts';
import type { Identity } from '../identity/identity.ts';
import { traceContextOf } from './trace-context.ts';
import { requestIdOf } from './use-request-id.ts';

export interface ContextBuilderOptions {
  readonly services: GatewayServices;
  readonly resolveIdentity: ResolveIdentity;
}

/** At once where the caller's token was verified lately. */
export type BuildContext = (request: Request) => GatewayContext | Promise<GatewayContext>;

/** Makes the context of a request from its headers. */
export function createContextBuilder({
  services,
  resolveIdentity,
}: ContextBuilderOptions): BuildContext {
  function build(request: Request, identity: Identity): GatewayContext {
    return createContext(services, {
      requestId: requestIdOf(request),
      identity,
      trace: traceContextOf(request.headers),
      signal: request.signal,
    });
  }

  return (request) => {
    const identity = resolveIdentity(request.headers.get('authorization'));
    return identity instanceof Promise
      ? identity.then((known) => build(request, known))
      : build(request, identity);
  };
}
