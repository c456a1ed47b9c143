import type { DocumentNode, GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';

import { copyText } from '../json/index.ts';
import { createPlan, type Plan } from './plan.ts';

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

/** Keys of automatic documents, whose number is bounded to the same. */
const maxKeys = 1_000;

/** A document that plans do not cover: known, so that nobody tries again. */
const unplanned = Symbol('unplanned');

interface Entry {
  readonly plan: Plan | typeof unplanned;
}

/** The plans of the documents used last. */
export interface PlanCache {
  /**
   * The plan of a document whose text was executed before.
   *
   * @param token - The text as a JSON string token, as it stands in the body of a request: looked
   *   up as it is, without decoding its escapes.
   */
  find(token: string): Plan | null;
  /**
   * The plan of a document that was executed before under the key of a persisted document.
   *
   * @param pinnedOnly - Whether an automatic document will not do.
   */
  findByKey(key: string, pinnedOnly: boolean): Plan | null;
  /**
   * Takes in a document that was parsed, limited and validated.
   *
   * @param key - Of a persisted document; `null` for one that was sent as text.
   */
  learn(text: string, key: string | null, document: DocumentNode): void;
}

/**
 * @param isPinned - Whether the document of a key is never forgotten, as trusted ones are not.
 */
export function createPlanCache(
  schema: GraphQLSchema,
  isPinned: (key: string) => boolean = () => false,
): PlanCache {
  const entries = createTextCache<Entry>();
  /** Texts that clients write with other escapes than JSON.stringify does. */
  const spellings = createTextCache<Entry>();
  const byKey = new LRUCache<string, Entry>({ max: maxKeys });
  const pinned = new Map<string, Entry>();

  return {
    find(token) {
      let entry = entries.get(token);
      if (entry === undefined) {
        entry = spellings.get(token) ?? entries.get(JSON.stringify(JSON.parse(token)));
        // A copy: the token is a slice of a whole request.
        if (entry !== undefined) spellings.set(copyText(token), entry);
      }
      return entry === undefined || entry.plan === unplanned ? null : entry.plan;
    },
    findByKey(key, pinnedOnly) {
      const entry = pinned.get(key) ?? (pinnedOnly ? undefined : byKey.get(key));
      return entry === undefined || entry.plan === unplanned ? null : entry.plan;
    },
    learn(text, key, document) {
      const token = JSON.stringify(text);
      let entry = entries.get(token);
      if (entry === undefined) {
        entry = { plan: createPlan(schema, document) ?? unplanned };
        entries.set(token, entry);
      }
      if (key === null) return;
      if (isPinned(key)) pinned.set(key, entry);
      else byKey.set(key, entry);
    },
  };
}
