import { hash } from 'node:crypto';
import { GraphQLError, Kind, type DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

import { parseWithinLimits } from './document-limits.ts';
import { badRequest, type Parameters } from './parameters.ts';

/** Documents by keys that a build made, as graphql-codegen's client preset and Relay write them. */
export type TrustedDocuments = Readonly<Record<string, string>>;

export interface PersistedDocumentsOptions {
  /** Keys are opaque and never verified. @default none */
  readonly trusted?: TrustedDocuments | undefined;
  /**
   * Refuses whatever is not trusted, but for operations that ask for `_service` alone, as composers
   * do. @default false
   */
  readonly trustedOnly?: boolean | undefined;
  /** Apollo's automatic persisted queries. @default true */
  readonly automatic?: boolean | undefined;
}

/** The document that a request asks for. */
export interface NamedDocument {
  readonly text: string;
  /** The key by which the request named it; `null` where it sent the text alone. */
  readonly key: string | null;
}

export interface PersistedDocuments {
  /**
   * Finds the document of a request, whether it sends the text, names it by `documentId`, or by the
   * hash of an automatic persisted query.
   *
   * @throws GraphQLError where the request names no document, or one that is not known or not
   *   allowed.
   */
  readonly resolve: (parameters: Parameters) => NamedDocument;
  /** Keeps an automatic document whose text has parsed and validated. */
  readonly keep: (document: NamedDocument) => void;
  /** The text of an automatic document that is kept, as a JSON string token. Counts as a use of it. */
  readonly tokenOf: (key: string) => string | undefined;
  /** Whether nothing but trusted documents is run. */
  readonly trustedOnly: boolean;
  /** Whether a key is one of the trusted documents, which are never forgotten. */
  readonly isTrusted: (key: string) => boolean;
}

/** https://www.apollographql.com/docs/apollo-server/performance/apq */
const maxAutomatic = 1_000;
/** All texts together, in characters of which most take one byte. */
const maxAutomaticCharacters = 8 * 1024 * 1024;

const sha256 = /^[\da-f]{64}$/i;

export function createPersistedDocuments({
  trusted = {},
  trustedOnly = false,
  automatic = true,
}: PersistedDocumentsOptions = {}): PersistedDocuments {
  const byKey = new Map(Object.entries(trusted));
  const texts = new Set(byKey.values());
  /** As tokens, by which their plans are found. */
  const kept = new LRUCache<string, string>({
    max: maxAutomatic,
    maxSize: maxAutomaticCharacters,
    sizeCalculation: (token) => token.length,
  });

  /** Keys are written with or without the name of their hash. */
  function trustedText(key: string): string | undefined {
    return byKey.get(key) ?? byKey.get(`sha256:${key}`) ?? byKey.get(key.replace(/^sha256:/, ''));
  }

  function resolveHash(key: string, query: string | null): NamedDocument {
    if (!automatic && !trustedOnly) {
      throw apqError('PersistedQueryNotSupported', 'PERSISTED_QUERY_NOT_SUPPORTED');
    }
    if (query === null) {
      if (trustedOnly) throw notTrusted();
      const token = kept.get(key);
      if (token === undefined) {
        throw apqError('PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND');
      }
      return { text: JSON.parse(token) as string, key };
    }
    if (!sha256.test(key) || hash('sha256', query) !== key) {
      throw badRequest('The sha256Hash of the persisted query is not that of its text.');
    }
    // Clients of the protocol send the hash with each text: a trusted one needs no other name.
    return trustedOnly ? resolveText(query) : { text: query, key };
  }

  function resolveText(query: string): NamedDocument {
    if (trustedOnly && !texts.has(query) && !asksForSdlAlone(query)) throw notTrusted();
    return { text: query, key: null };
  }

  return {
    trustedOnly,
    resolve(parameters) {
      const query = parameters.query ?? null;
      const hashKey = readHash(parameters);
      const documentId = parameters.documentId ?? null;
      const key = documentId ?? hashKey ?? null;
      const text = key === null ? undefined : trustedText(key);
      if (key !== null && text !== undefined) return { text, key };
      if (documentId === null && key !== null) return resolveHash(key.toLowerCase(), query);
      if (documentId !== null && query === null) throw unknownDocument();
      if (query === null) {
        throw badRequest('The request must have a query, such as {"query": "{ __typename }"}.');
      }
      return resolveText(query);
    },
    keep({ text, key }) {
      if (key !== null && trustedText(key) === undefined) kept.set(key, JSON.stringify(text));
    },
    tokenOf: (key) => kept.get(key),
    isTrusted: (key) => trustedText(key) !== undefined,
  };
}

/** `extensions.persistedQuery.sha256Hash`; undefined where the request has none. */
function readHash({ extensions }: Parameters): string | undefined {
  const persisted = extensions?.['persistedQuery'];
  if (persisted === undefined || persisted === null) return undefined;
  const { version, sha256Hash } = persisted as { version?: unknown; sha256Hash?: unknown };
  if (version !== undefined && version !== 1) {
    throw badRequest('The persisted query is of an unknown version: version 1 is supported.');
  }
  if (typeof sha256Hash !== 'string') {
    throw badRequest('The persisted query must have a sha256Hash, which is a string.');
  }
  return sha256Hash;
}

function asksForSdlAlone(text: string): boolean {
  let document: DocumentNode;
  try {
    document = parseWithinLimits(text);
  } catch {
    return false;
  }
  return document.definitions.every(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.selectionSet.selections.every(
        (selection) => selection.kind === Kind.FIELD && selection.name.value === '_service',
      ),
  );
}

/** Clients of the protocol tell these by message or code, and send the text then: HTTP status 200. */
function apqError(message: string, code: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 200 } } });
}

function unknownDocument(): GraphQLError {
  return new GraphQLError('There is no document with this documentId.', {
    extensions: { code: 'DOCUMENT_NOT_FOUND', http: { status: 404 } },
  });
}

function notTrusted(): GraphQLError {
  return new GraphQLError(
    'The document is not one of those that this gateway was given: only trusted documents are run.',
    { extensions: { code: 'DOCUMENT_NOT_TRUSTED', http: { status: 403 } } },
  );
}
