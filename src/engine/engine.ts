import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';

import type { Identity, ResolveIdentity } from '../identity/identity.ts';
import {
  JsonText,
  endOfValue,
  hasEscape,
  keyIs,
  keyOf,
  readMembers,
  skipSpace,
} from '../json/index.ts';
import type { JsonSource } from '../json/index.ts';
import type { Incoming } from './incoming.ts';
import type { Parameters } from './parameters.ts';
import {
  createPersistedDocuments,
  type NamedDocument,
  type PersistedDocumentsOptions,
} from './persisted-documents.ts';
import { createPlanCache, type PlanCache } from './plan-cache.ts';
import type { FieldArguments } from './plan-arguments.ts';
import type { Plan } from './plan.ts';
import { RequestContext, type RequestEnvironment } from './request-context.ts';
import { streamOf, type EventStream } from './latest-stream.ts';
import { createMask, writeResultText, type MaskError } from './result.ts';

export interface EngineOptions extends RequestEnvironment {
  readonly schema: GraphQLSchema;
  readonly resolveIdentity: ResolveIdentity;
  /** Told of an error that is a bug; the client is told no more than that there was one. */
  readonly onBug: (error: unknown) => void;
  /** @default automatic ones only */
  readonly documents?: PersistedDocumentsOptions | undefined;
}

/** A request whose document has a plan, with its arguments. Nothing of it has run. */
export interface PreparedRequest {
  readonly plan: Plan;
  readonly args: FieldArguments;
}

/** A result that has errors, with what is left of its data. */
export type FailedResult = ExecutionResult<JsonText | null>;

/** Called exactly once: with the result's JSON text, or with a result that has errors. */
export type EngineSettler = (text: string | null, failed: FailedResult | null) => void;

/** What runs operations, whatever door they came by. */
export interface Engine {
  readonly schema: GraphQLSchema;
  readonly mask: MaskError;
  /**
   * Reads the body of a request in one scan, where it is one of those that front ends send again
   * and again: a document that was executed before, with other variables.
   *
   * @returns `null` where it is anything else, or wrong in any way: it goes Yoga's way, whole.
   */
  prepare(source: JsonSource): PreparedRequest | null;
  run(request: PreparedRequest, incoming: Incoming, settle: EngineSettler): void;
  /**
   * Opens the stream of a subscription: each event is a result's JSON text. Whatever goes wrong is an
   * event. Whoever has the stream returns it when its reader leaves.
   */
  open(request: PreparedRequest, incoming: Incoming): Promise<EventStream<string>>;
  /**
   * Finds the document that a request sends or names.
   *
   * @throws GraphQLError where there is none, or none that may be run.
   */
  resolveDocument(parameters: Parameters): NamedDocument;
  /**
   * Takes in a document that has parsed and validated and is about to be executed, so that it is
   * known by its key from now on.
   *
   * @param makesPlan - Whether it gets a plan, too.
   */
  learn(named: NamedDocument, document: DocumentNode, makesPlan: boolean): void;
  /** The GraphQL context of a request that goes Yoga's way. At once for a token verified lately. */
  contextOf(incoming: Incoming): RequestContext | Promise<RequestContext>;
}

export function createEngine(options: EngineOptions): Engine {
  const { schema, resolveIdentity, onBug } = options;
  const documents = createPersistedDocuments(options.documents);
  const plans = createPlanCache(schema, documents.isTrusted);
  const mask = createMask(onBug);

  /** @param data - Its text; `null` where nothing is left of it. */
  function failedResult(data: string | null, errors: readonly unknown[]): FailedResult {
    return { data: data === null ? null : new JsonText(data), errors: errors.map(mask) };
  }

  function runAs(
    identity: Identity,
    { plan, args }: PreparedRequest,
    incoming: Incoming,
    settle: EngineSettler,
  ): void {
    incoming.outgoing.operation = plan.kind;
    const request = new RequestContext(options, incoming, identity, plan.isSharing);
    plan.run(args, request, (data, errors) => {
      if (errors === null) settle(`{"data":${String(data)}}`, null);
      else settle(null, failedResult(data, errors));
    });
  }

  return {
    schema,
    mask,
    prepare(source) {
      return prepare(source, plans);
    },
    run(prepared, incoming, settle) {
      let identity: Identity | Promise<Identity>;
      try {
        identity = resolveIdentity(incoming.authorization);
      } catch (error) {
        settle(null, { errors: [mask(error)] });
        return;
      }
      if (identity instanceof Promise) {
        identity.then(
          (known) => {
            runAs(known, prepared, incoming, settle);
          },
          (error: unknown) => {
            settle(null, { errors: [mask(error)] });
          },
        );
      } else {
        runAs(identity, prepared, incoming, settle);
      }
    },
    async open({ plan, args }, incoming) {
      incoming.outgoing.operation = plan.kind;
      const writeFailed = (data: string | null, errors: readonly unknown[]) =>
        writeResultText(failedResult(data, errors));
      try {
        if (plan.open === null) throw new TypeError(`A ${plan.kind} has no stream.`);
        const identity = await resolveIdentity(incoming.authorization);
        const request = new RequestContext(options, incoming, identity, false);
        return await plan.open(args, request, writeFailed);
      } catch (error) {
        return streamOf(writeFailed(null, [error]));
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

interface Reading {
  readonly plans: PlanCache;
  plan: Plan | null;
  /** By which a trusted document is named. */
  documentId: string | null;
  /** By which a trusted or an automatic document is named. */
  hash: string | null;
  args: FieldArguments | null;
  /** Where the variables are; -1: there are none so far. */
  variablesAt: number;
  operationName: string | null;
}

const queryKey = keyOf('query');
const variablesKey = keyOf('variables');
const operationNameKey = keyOf('operationName');
const extensionsKey = keyOf('extensions');
const documentIdKey = keyOf('documentId');
const persistedQueryKey = keyOf('persistedQuery');
const sha256HashKey = keyOf('sha256Hash');
const versionKey = keyOf('version');

const NULL = 0x6e;
const QUOTE = 0x22;
const ONE = 0x31;

function prepare(source: JsonSource, plans: PlanCache): PreparedRequest | null {
  const reading: Reading = {
    plans,
    plan: null,
    documentId: null,
    hash: null,
    args: null,
    variablesAt: -1,
    operationName: null,
  };
  const end = readMembers(source, 0, reading, visitParameter);
  if (end < 0 || skipSpace(source.bytes, end) !== source.bytes.length) return null;
  const { documentId, hash, variablesAt, operationName } = reading;
  const key = documentId ?? hash;
  const named = key === null ? reading.plan : plans.findByKey(key, documentId !== null);
  // A text that comes with a key has to be checked against it, unless both are known as one.
  const plan = reading.plan === null || reading.plan === named ? named : null;
  if (plan === null || (operationName !== null && operationName !== plan.name)) return null;
  if (reading.args === null) plan.arguments.read(source, variablesAt, reading);
  return reading.args === null ? null : { plan, args: reading.args };
}

function visitParameter(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  if (keyIs(bytes, from, to, variablesKey)) {
    reading.variablesAt = at;
    // Clients send the query first; where they do not, its variables are read in the end.
    return reading.plan === null
      ? endOfValue(bytes, at)
      : reading.plan.arguments.read(source, at, reading);
  }
  const end = endOfValue(bytes, at);
  if (end < 0) return end;
  if (keyIs(bytes, from, to, queryKey)) {
    // Two queries in one object are for the long way to sort out.
    if (reading.plan !== null || bytes[at] !== QUOTE) return -1;
    reading.plan = reading.plans.find(source.slice(at, end));
    return reading.plan === null ? -1 : end;
  }
  if (keyIs(bytes, from, to, operationNameKey)) {
    if (bytes[at] === QUOTE) reading.operationName = source.string(at, end);
    else if (bytes[at] === NULL) reading.operationName = null;
    else return -1;
    return end;
  }
  if (keyIs(bytes, from, to, documentIdKey)) {
    if (bytes[at] === QUOTE) reading.documentId = source.string(at, end);
    else if (bytes[at] === NULL) reading.documentId = null;
    else return -1;
    return end;
  }
  if (keyIs(bytes, from, to, extensionsKey)) {
    // Of two, the last counts.
    reading.hash = null;
    return bytes[at] === NULL ? end : readMembers(source, at, reading, visitExtension);
  }
  // An unknown parameter is refused, which the long way says; an escape may hide a known one.
  return hasEscape(bytes, from, to) || bytes[at] !== NULL ? -1 : end;
}

/** Extensions that are not known are passed over, as they are the long way. */
function visitExtension(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  if (keyIs(bytes, from, to, persistedQueryKey)) {
    reading.hash = null;
    const end = readMembers(source, at, reading, visitPersistedQuery);
    return hasHash(reading) ? end : -1;
  }
  return hasEscape(bytes, from, to) ? -1 : endOfValue(bytes, at);
}

function hasHash({ hash }: Reading): boolean {
  return hash !== null;
}

function visitPersistedQuery(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  const end = endOfValue(bytes, at);
  if (end < 0) return end;
  if (keyIs(bytes, from, to, sha256HashKey)) {
    if (bytes[at] !== QUOTE) return -1;
    reading.hash = source.string(at, end);
    return end;
  }
  const isVersionOne = keyIs(bytes, from, to, versionKey) && end === at + 1 && bytes[at] === ONE;
  return isVersionOne ? end : -1;
}
