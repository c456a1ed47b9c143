import { GraphQLError, getOperationAST, type DocumentNode, type ExecutionResult } from 'graphql';
import { isAsyncIterable, type GraphQLParams, type Plugin } from 'graphql-yoga';

import { parseWithinLimits, isDocumentTooLarge } from '../../engine/document-limits.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Incoming } from '../../engine/incoming.ts';
import { acceptsEvents, eventsOnly, mediaTypes, negotiate } from '../../engine/negotiation.ts';
import {
  isJson,
  notJson,
  parseBody,
  parseSearch,
  type Parameters,
} from '../../engine/parameters.ts';
import type { NamedDocument } from '../../engine/persisted-documents.ts';
import type { RequestContext } from '../../engine/request-context.ts';
import { contentTypeOf, writeResult, writeResultText } from '../../engine/result.ts';
import { eventStreamHeaders } from '../../engine/server-sent-events.ts';
import { eventBody } from './event-body.ts';

/** What a door passes to Yoga besides the request. */
export interface EngineServerContext {
  readonly incoming: Incoming;
  /** The document that the request sends or names; `null` before its parameters are read. */
  document: NamedDocument | null;
}

/** What the hooks of one request share in Yoga's context. */
interface EngineContext extends EngineServerContext {
  readonly requestContext: RequestContext;
}

/** The arguments of Yoga's execution, with the types that Yoga leaves open. */
interface TypedExecutionArgs {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly contextValue: EngineContext & {
    readonly params: GraphQLParams;
    /** Absent for an operation that has no HTTP request of its own. */
    readonly request?: Request;
  };
}

export interface UseEngineOptions {
  /** Whether a document that Yoga executes gets a plan, by which it is executed the next time. */
  readonly learns: boolean;
}

/**
 * Lets Yoga execute operations with the engine's parts: with the same parameters, limits, context,
 * mask, media types and statuses as planned operations have.
 *
 * Only JSON bodies are accepted. A browser sends forms and plain text without a preflight, so pages
 * of any origin could send them.
 */
export function useEngine(
  engine: Engine,
  { learns }: UseEngineOptions,
): Plugin<EngineContext, EngineServerContext> {
  return {
    onRequestParse({ request, setRequestParser, endResponse, fetchAPI, serverContext }) {
      function resolve({ operationName, variables, ...parameters }: Parameters): GraphQLParams {
        const document = engine.resolveDocument(parameters);
        serverContext.document = document;
        return { query: document.text, operationName, variables } as GraphQLParams;
      }
      if (negotiate(request.headers.get('accept')) === null) {
        endResponse(new fetchAPI.Response(notAcceptable, { status: 406, headers: jsonHeaders }));
      } else if (request.method === 'GET') {
        setRequestParser(() => resolve(parseSearch(request.url)));
      } else if (request.method === 'POST') {
        if (!isJson(request.headers.get('content-type'))) throw notJson();
        setRequestParser(async () => resolve(parseBody(await request.text())));
      }
    },

    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits);
      return ({ result }) => {
        // Thrown before Yoga sees it: Yoga gives errors of the document the status 200 for clients
        // that accept application/json only.
        if (isDocumentTooLarge(result)) throw result;
      };
    },

    async onContextBuilding({ context, extendContext }) {
      extendContext({ requestContext: await engine.contextOf(context.incoming) });
    },

    onExecute({ args, executeFn, setExecuteFn }) {
      const { document, contextValue } = begin(args);
      const { document: named } = contextValue;
      if (named !== null) engine.learn(named, document, learns);
      setExecuteFn((executed): unknown =>
        executeFn({ ...executed, contextValue: contextValue.requestContext }),
      );
    },

    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const { document, contextValue } = begin(args);
      const { document: named, request } = contextValue;
      // An operation over WebSocket has no request, and may have any number of results.
      if (request !== undefined && !acceptsEvents(request.headers.get('accept'))) {
        const extensions = { code: 'NOT_ACCEPTABLE', http: { status: 406 } };
        throw new GraphQLError(eventsOnly, { extensions });
      }
      if (named !== null) engine.learn(named, document, learns);
      setSubscribeFn((subscribed): unknown =>
        subscribeFn({ ...subscribed, contextValue: contextValue.requestContext }),
      );
    },

    onResultProcess(processing) {
      const { request, result, serverContext } = processing;
      if (isAsyncIterable(result)) {
        processing.setResultProcessor((processed, fetchAPI) => {
          const { outgoing } = serverContext.incoming;
          const results = processed as AsyncIterable<ExecutionResult>;
          const body = eventBody(results, writeResultText, outgoing);
          return new fetchAPI.Response(body, { headers: eventStreamHeaders });
        }, 'text/event-stream');
        return;
      }
      const mediaType = negotiate(request.headers.get('accept'));
      if (mediaType === null || Array.isArray(result)) return;
      processing.setResultProcessor((processed, fetchAPI) => {
        const single = processed as ExecutionResult;
        const { status, headers, body } = writeResult(single, mediaType);
        if (mediaType !== 'text/event-stream')
          return new fetchAPI.Response(body, { status, headers });
        const stream = eventBody(once(body), (text) => text, serverContext.incoming.outgoing);
        return new fetchAPI.Response(stream, {
          status,
          headers: { ...headers, ...eventStreamHeaders },
        });
      }, mediaType);
    },

    onResponse({ request, response }) {
      // Caches store responses to GET by the URL. It does not contain the user, whose response this is;
      // nor does an unknown hash stay unknown once a client has sent its text.
      if (request.method !== 'GET' || response.headers.has('cache-control')) return;
      response.headers.set('cache-control', 'no-store');
    },
  };
}

/** Records the operation that is about to be executed. Yoga's types leave its arguments open. */
function begin(args: unknown): TypedExecutionArgs {
  const typed = args as TypedExecutionArgs;
  const { document, operationName, contextValue } = typed;
  const operation = getOperationAST(document, operationName);
  const { outgoing } = contextValue.incoming;
  outgoing.operation = operation?.operation ?? 'none';
  outgoing.operationName = operation?.name?.value ?? null;
  return typed;
}

async function* once<T>(value: T): AsyncIterable<T> {
  yield value;
}

const jsonHeaders = { 'content-type': contentTypeOf('application/json') };

const notAcceptable = JSON.stringify({
  errors: [
    {
      message: `The Accept header allows none of the media types that can be sent: accept one of ${mediaTypes.join(', ')}.`,
      extensions: { code: 'NOT_ACCEPTABLE' },
    },
  ],
});
