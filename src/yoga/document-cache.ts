import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * All texts of one cache together, in characters. Parsed, a document takes up to 120 times its
 * text, as its tokens are kept for the locations in errors: some 60 MB.
 */
const maxCharacters = 512 * 1024;
/** A longer text is not remembered: nobody should push out the others with a few of them. */
const maxCharactersEach = 8 * 1024;

/** Remembers what was made of documents, by their text: the texts used last, up to a total length. */
export function createTextCache<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache({
    maxSize: maxCharacters,
    maxEntrySize: maxCharactersEach,
    sizeCalculation: (_value, text) => text.length + 1,
  });
}

/**
 * What Yoga remembers of the documents it has parsed. Its own cache holds a thousand of them,
 * whatever their size; made up ones could fill the memory.
 */
export function createDocumentCache() {
  return {
    documentCache: createTextCache<DocumentNode>(),
    errorCache: createTextCache<Error>(),
  };
}
