import { cancellationBy } from '../../cancellation.ts';
import type { Cors } from '../../engine/cors.ts';
import { acceptRequestId, readTraceContext, Outgoing } from '../../engine/incoming.ts';
import type { Incoming } from '../../engine/incoming.ts';
import { addResponseHeaders } from '../../engine/response-headers.ts';
import type { Span } from '../../telemetry/tracing.ts';
import type { YogaServer, YogaServerOptions } from './yoga-server.ts';

export interface FetchDoorOptions extends Omit<YogaServerOptions, 'endpoint'> {
  readonly cors: Cors;
  /** The path of the GraphQL endpoint. @default '/graphql' */
  readonly endpoint?: string | undefined;
}

/** Yoga: executes the operations that have no plan, and all operations of an embedded gateway. */
export interface FetchDoor extends YogaServer {
  readonly endpoint: string;
  /** Whether other plugins have to see every operation, so that none may be executed by its plan. */
  readonly hasPlugins: boolean;
  /** Loads Yoga, in some 100 ms. Otherwise the first request that needs Yoga waits for that. */
  load(): Promise<unknown>;
  /** Executes a request and returns its response with all headers. */
  fetch(request: Request, known?: KnownOfRequest): Promise<Response>;
}

/** What a caller of {@link FetchDoor.fetch} knows of the request already. */
export interface KnownOfRequest {
  /** The id of the request. @default its `x-request-id`, or a random UUID */
  readonly requestId?: string;
  /** Where the engine records what the log needs. @default a new one, which is discarded */
  readonly outgoing?: Outgoing;
  /** The span of the request. @default null, which traces nothing */
  readonly span?: Span | null;
}

/** Creates Yoga as a door. Yoga is loaded when it is first needed, so that the start is not delayed. */
export function createFetchDoor(options: FetchDoorOptions): FetchDoor {
  const { cors, endpoint = '/graphql', plugins = [] } = options;
  let loading: Promise<YogaServer> | undefined;

  function load(): Promise<YogaServer> {
    loading ??= import('./yoga-server.ts').then(({ createYogaServer }) =>
      createYogaServer({ ...options, endpoint }),
    );
    return loading;
  }

  async function handle(request: Request, incoming: Incoming): Promise<Response> {
    return (await load()).handle(request, incoming);
  }

  return {
    endpoint,
    hasPlugins: plugins.length > 0,
    load,
    handle,
    execute: async (parameters, incoming) => (await load()).execute(parameters, incoming),
    async fetch(request, known = {}) {
      const { headers } = request;
      const { requestId, outgoing = new Outgoing(), span = null } = known;
      const incoming: Incoming = {
        requestId: requestId ?? acceptRequestId(headers.get('x-request-id')),
        authorization: headers.get('authorization'),
        trace: readTraceContext(headers.get('traceparent'), headers.get('tracestate')),
        span,
        departure: cancellationBy(request.signal),
        outgoing,
      };
      const origin = headers.get('origin');
      const preflight = cors.preflightHeaders(request.method, origin, (name) => headers.get(name));
      const response =
        preflight === null
          ? await handle(request, incoming)
          : new Response(null, { status: 204, headers: preflight });
      const more = preflight === null ? cors.headersFor(origin) : {};
      addResponseHeaders(response.headers, incoming, more);
      return response;
    },
  };
}
