import { GraphQLError, parse, type DocumentNode, type Source } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import {
  checkDocumentLimits,
  documentLimits,
  documentTooLarge,
  isDocumentTooLarge,
} from './document-limits.ts';

/** Parses documents within the {@link documentLimits}, and refuses others with HTTP status 400. */
export function useDocumentLimits(): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits);
      return ({ result }) => {
        // Before Yoga sees it, which has malformed documents answered with 200 where the client
        // accepts application/json only.
        if (isDocumentTooLarge(result)) throw result;
      };
    },
  };
}

/** @throws GraphQLError where the document is malformed or too large. */
export function parseWithinLimits(source: string | Source): DocumentNode {
  const document = parseTokens(source);
  checkDocumentLimits(document);
  return document;
}

function parseTokens(source: string | Source): DocumentNode {
  try {
    return parse(source, { maxTokens: documentLimits.tokens });
  } catch (error) {
    // The parser calls itself for each level, and its own limit counts only what it has passed.
    if (error instanceof RangeError || isTokenLimit(error)) throw documentTooLarge('tokens');
    throw error;
  }
}

/** The parser tells this error from others by its message alone. */
function isTokenLimit(error: unknown): boolean {
  return error instanceof GraphQLError && /more tha[nt] \d+ tokens/i.test(error.message);
}
