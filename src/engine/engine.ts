import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';

import type { Identity, ResolveIdentity } from '../identity/identity.ts';
import type { JsonOutput, JsonSource } from '../json/index.ts';
import type { Incoming } from './incoming.ts';
import type { Parameters } from './parameters.ts';
import {
  createPersistedDocuments,
  type NamedDocument,
  type PersistedDocumentsOptions,
} from './persisted-documents.ts';
import { createPlanCache } from './plan-cache.ts';
import { StreamedResult } from './plan-stream.ts';
import { RequestContext, type RequestEnvironment } from './request-context.ts';
import { readRequest, type PreparedRequest } from './request-reader.ts';
import { streamOf, type EventStream } from './latest-stream.ts';
import { createMask, resultOf, writeResultText, type MaskError } from './result.ts';

export interface EngineOptions extends RequestEnvironment {
  readonly schema: GraphQLSchema;
  readonly resolveIdentity: ResolveIdentity;
  /** Called with each error that is a bug, of which the client sees only a masked error. */
  readonly onBug: (error: unknown) => void;
  /** Which persisted documents are accepted. @default automatic ones only */
  readonly documents?: PersistedDocumentsOptions | undefined;
}

/** A result that has errors, with the remaining data. */
export type FailedResult = ExecutionResult<JsonOutput | null>;

/**
 * Called exactly once: with the result as JSON, or with a result that has errors. Must not throw: a door
 * has to handle its own failure to send the result.
 */
export type EngineDone = (output: JsonOutput | null, failed: FailedResult | null) => void;

/** Runs the operations of all doors. */
export interface Engine {
  readonly schema: GraphQLSchema;
  readonly mask: MaskError;
  /**
   * Reads the body of a request in one scan, and finds the plan of its document and the arguments.
   *
   * @returns `null` for any other request, and for an invalid one: Yoga executes it as a whole.
   */
  prepare(source: JsonSource): PreparedRequest | null;
  /** Runs a query or a mutation by its plan. */
  run(request: PreparedRequest, incoming: Incoming, done: EngineDone): void;
  /**
   * Opens the stream of a subscription, each event of which is a result as JSON text. An error is an
   * event, too. The caller has to call `return` when its client leaves.
   */
  open(request: PreparedRequest, incoming: Incoming): Promise<EventStream<StreamedResult>>;
  /**
   * Finds the document that a request sends or names.
   *
   * @throws {GraphQLError} where the request has no document, or one that is unknown or not allowed.
   */
  resolveDocument(parameters: Parameters): NamedDocument;
  /**
   * Remembers a document by its key. It was parsed and validated, and Yoga is about to execute it.
   *
   * @param makesPlan - Whether it also gets a plan.
   */
  learn(named: NamedDocument, document: DocumentNode, makesPlan: boolean): void;
  /**
   * Returns the GraphQL context of a request that Yoga executes; not as a promise where the token was
   * verified recently.
   */
  contextOf(incoming: Incoming): RequestContext | Promise<RequestContext>;
}

/** Creates the engine: plans, persisted documents, identity and the mask, for all doors. */
export function createEngine(options: EngineOptions): Engine {
  const { schema, resolveIdentity, onBug } = options;
  const documents = createPersistedDocuments(options.documents);
  const plans = createPlanCache(schema, {
    isPinned: documents.isTrusted,
    tokenOf: documents.tokenOf,
    learnedOnly: documents.trustedOnly,
  });
  const mask = createMask(onBug);

  /** @param data - `null` where a non-null field failed or the result is too large. */
  function failedResult(data: JsonOutput | null, errors: readonly unknown[]): FailedResult {
    return { data, errors: errors.map(mask) };
  }

  function runAs(
    identity: Identity,
    { plan, args }: PreparedRequest,
    incoming: Incoming,
    done: EngineDone,
  ): void {
    try {
      noteOperation(incoming, plan);
      const request = new RequestContext(options, incoming, identity, plan.isSharing);
      plan.run(args, request, (data, errors) => {
        if (errors === null && data !== null) done(resultOf(data), null);
        else done(null, failedResult(data, errors ?? []));
      });
    } catch (error) {
      refuse(error, done);
    }
  }

  /** Ends a request of which nothing has run. */
  function refuse(error: unknown, done: EngineDone): void {
    done(null, { errors: [mask(error)] });
  }

  return {
    schema,
    mask,
    prepare(source) {
      return readRequest(source, plans);
    },
    run(prepared, incoming, done) {
      let identity: Identity | Promise<Identity>;
      try {
        identity = resolveIdentity(incoming.authorization);
      } catch (error) {
        refuse(error, done);
        return;
      }
      if (identity instanceof Promise) {
        identity.then(
          (known) => {
            runAs(known, prepared, incoming, done);
          },
          (error: unknown) => {
            refuse(error, done);
          },
        );
      } else {
        runAs(identity, prepared, incoming, done);
      }
    },
    async open({ plan, args }, incoming) {
      noteOperation(incoming, plan);
      const writeFailed = (data: JsonOutput | null, errors: readonly unknown[]) =>
        writeResultText(failedResult(data, errors));
      try {
        if (plan.open === null) throw new TypeError(`A ${plan.kind} has no stream.`);
        const identity = await resolveIdentity(incoming.authorization);
        const request = new RequestContext(options, incoming, identity, false);
        return await plan.open(args, request, writeFailed);
      } catch (error) {
        return streamOf(new StreamedResult(writeFailed(null, [error])));
      }
    },
    resolveDocument: documents.resolve,
    learn(named, document, makesPlan) {
      documents.keep(named);
      if (makesPlan) plans.learn(named.text, named.key, document);
    },
    contextOf(incoming) {
      const identity = resolveIdentity(incoming.authorization);
      return identity instanceof Promise
        ? identity.then((known) => new RequestContext(options, incoming, known, true))
        : new RequestContext(options, incoming, identity, true);
    },
  };
}

function noteOperation({ outgoing }: Incoming, { kind, name }: PreparedRequest['plan']): void {
  outgoing.operation = kind;
  outgoing.operationName = name;
}
