import { hash } from 'node:crypto';
import { GraphQLError, Kind, type DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

import { parseWithinLimits } from './document-limits.ts';
import { badRequest, type Parameters } from './parameters.ts';

/** Documents by their keys, as the client preset of graphql-codegen and the Relay compiler write them. */
export type TrustedDocuments = Readonly<Record<string, string>>;

export interface PersistedDocumentsOptions {
  /** Trusted documents. Their keys are opaque and never verified. @default none */
  readonly trusted?: TrustedDocuments | undefined;
  /**
   * Refuses every document that is not trusted, except operations that select only `_service`, which
   * composition tools send. @default false
   */
  readonly trustedOnly?: boolean | undefined;
  /** Apollo's automatic persisted queries. @default true */
  readonly automatic?: boolean | undefined;
}

/** The document that a request sends or names. */
export interface NamedDocument {
  readonly text: string;
  /** The key that the request names it by; `null` where it sends only the text. */
  readonly key: string | null;
}

export interface PersistedDocuments {
  /**
   * Finds the document of a request, which sends its text or names it by `documentId` or by the hash of
   * a persisted query.
   *
   * @throws {GraphQLError} where the request has no document, or one that is unknown or not allowed.
   */
  readonly resolve: (parameters: Parameters) => NamedDocument;
  /** Stores an automatic document. Its text must have been parsed and validated. */
  readonly keep: (document: NamedDocument) => void;
  /** Returns the text of a stored automatic document as a JSON string token, and counts as its use. */
  readonly tokenOf: (key: string) => string | undefined;
  /** Whether only trusted documents are run. */
  readonly trustedOnly: boolean;
  /** Whether a key is that of a trusted document, which is never evicted. */
  readonly isTrusted: (key: string) => boolean;
}

/** The maximum number of stored automatic documents. */
const maxAutomatic = 1_000;
/** The maximum length of all their texts together, in characters, most of which take one byte. */
const maxAutomaticCharacters = 8 * 1024 * 1024;

const sha256 = /^[\da-f]{64}$/i;

/**
 * Creates the registry of trusted documents and of automatic persisted queries
 * (https://www.apollographql.com/docs/apollo-server/performance/apq).
 */
export function createPersistedDocuments({
  trusted = {},
  trustedOnly = false,
  automatic = true,
}: PersistedDocumentsOptions = {}): PersistedDocuments {
  const byKey = new Map(Object.entries(trusted));
  const texts = new Set(byKey.values());
  /** The texts of automatic documents as JSON string tokens, by which their plans are found. */
  const kept = new LRUCache<string, string>({
    max: maxAutomatic,
    maxSize: maxAutomaticCharacters,
    sizeCalculation: (token) => token.length,
  });

  /** A key may be written with or without the prefix `sha256:`. */
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
    // Clients of the protocol send the hash with each text, also with that of a trusted document.
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

/** Returns `extensions.persistedQuery.sha256Hash`; undefined where the request has none. */
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

/** Clients recognise this error by its message or code, and then send the text: HTTP status 200. */
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
    'The document is not trusted: this gateway runs only trusted documents.',
    { extensions: { code: 'DOCUMENT_NOT_TRUSTED', http: { status: 403 } } },
  );
}
