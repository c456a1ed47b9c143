import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * All cached documents together, in characters. Parsed, a document takes up to 200 times its text:
 * its tokens are kept for the locations in errors.
 */
const maxCharacters = 512 * 1024;
/** A larger document is parsed each time: nobody should push out the others with a few of them. */
const maxCharactersEach = 32 * 1024;

/**
 * What Yoga remembers of the documents it has parsed. Its own cache holds a thousand of them,
 * whatever their size; made up ones could fill the memory.
 */
export function createDocumentCache() {
  return {
    documentCache: new LRUCache<string, DocumentNode>({
      maxSize: maxCharacters,
      maxEntrySize: maxCharactersEach,
      sizeCalculation: (_document, text) => text.length + 1,
    }),
    // Honest clients do not repeat a malformed document.
    errorCache: new LRUCache<string, Error>({
      max: 64,
      maxSize: maxCharacters,
      maxEntrySize: maxCharactersEach,
      sizeCalculation: (_error, text) => text.length + 1,
    }),
  };
}
