import { validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';

import { copyText } from '../json/index.ts';
import { parseWithinLimits } from './document-limits.ts';
import { createPlan, type Plan } from './plan.ts';

/**
 * The maximum length of all texts in one cache together, in characters. A parsed document takes up to
 * 120 times the memory of its text, as its tokens are kept for the locations in errors: some 60 MB.
 */
const maxCharacters = 512 * 1024;
/** A longer text is not cached, so that a client cannot evict all others with a few long texts. */
const maxCharactersEach = 8 * 1024;

/** Creates a least recently used cache by the text of documents, bounded by their total length. */
export function createTextCache<Value extends object | string>(): LRUCache<string, Value> {
  return new LRUCache({
    maxSize: maxCharacters,
    maxEntrySize: maxCharactersEach,
    sizeCalculation: (_value, text) => text.length + 1,
  });
}

/** The size of a compiled field, some 500 bytes, in characters of a parsed text. */
const charactersOfField = 4;
/** Large enough for every text up to {@link maxCharactersEach}, and for usual persisted documents. */
const maxPlanCharacters = 64 * 1024;

/** Cached for a document that plans do not cover, so that it is not compiled again. */
const unplanned = Symbol('unplanned');

interface Entry {
  readonly plan: Plan | typeof unplanned;
}

/**
 * The size of an entry includes its plan, because a short text can have a large one: a fragment is
 * compiled for each field that spreads it.
 */
function createEntryCache(): LRUCache<string, Entry> {
  return new LRUCache({
    maxSize: maxCharacters,
    maxEntrySize: maxPlanCharacters,
    sizeCalculation: ({ plan }, token) =>
      token.length + 1 + (plan === unplanned ? 0 : charactersOfField * plan.fieldCount),
  });
}

/** The plans of the most recently used documents. */
export interface PlanCache {
  /**
   * Finds the plan of a document by its text; an unknown text is planned now.
   *
   * @param token - The text as the JSON string token in the body of the request: the lookup needs no
   *   decoding of its escapes.
   * @returns `null` where the document has no plan.
   */
  find(token: string): Plan | null;
  /**
   * Finds the plan of a persisted document that was executed before.
   *
   * @param pinnedOnly - Whether automatic documents are excluded.
   */
  findByKey(key: string, pinnedOnly: boolean): Plan | null;
  /**
   * Plans a document that Yoga has parsed, checked against the limits, and validated.
   *
   * @param key - The key of a persisted document, whose plan is never evicted where it is pinned;
   *   `null` for a document that was sent as text.
   */
  learn(text: string, key: string | null, document: DocumentNode): void;
}

export interface PlanCacheOptions {
  /** Whether the plan of a key is never evicted, as those of trusted documents. @default () => false */
  readonly isPinned?: ((key: string) => boolean) | undefined;
  /**
   * Finds the text of an automatic document by its key, as the JSON string token that `JSON.stringify`
   * returns for it. @default () => undefined
   */
  readonly tokenOf?: ((key: string) => string | undefined) | undefined;
  /** Whether a text is planned by `learn` alone, and never by `find`. @default false */
  readonly learnedOnly?: boolean | undefined;
}

/** Creates an empty cache of plans for the documents of one schema. */
export function createPlanCache(
  schema: GraphQLSchema,
  { isPinned = () => false, tokenOf = () => undefined, learnedOnly = false }: PlanCacheOptions = {},
): PlanCache {
  const entries = createEntryCache();
  /**
   * Maps the tokens of clients that use other escapes to those of `JSON.stringify`. Plans are held by
   * `entries` alone, so that one bound covers them.
   */
  const spellings = createTextCache<string>();
  const pinned = new Map<string, Entry>();

  function findSpelled(token: string): Entry | undefined {
    const usual = spellings.get(token) ?? JSON.stringify(JSON.parse(token));
    let entry = entries.get(usual);
    if (entry === undefined) {
      // A longer text is not cached, and would be planned again at each request.
      if (learnedOnly || usual.length > maxCharactersEach) return undefined;
      entry = { plan: planOf(JSON.parse(usual) as string) };
      entries.set(usual, entry);
    }
    // A copy, because the token is a slice that keeps the whole request in memory.
    if (token !== usual && !spellings.has(token)) spellings.set(copyText(token), usual);
    return entry;
  }

  function planOf(text: string): Plan | typeof unplanned {
    try {
      const document = parseWithinLimits(text);
      const isValid = validate(schema, document).length === 0;
      return (isValid ? createPlan(schema, document) : null) ?? unplanned;
    } catch {
      // Yoga executes the document, and reports what is wrong with it.
      return unplanned;
    }
  }

  return {
    find(token) {
      const entry = entries.get(token) ?? findSpelled(token);
      return entry === undefined || entry.plan === unplanned ? null : entry.plan;
    },
    findByKey(key, pinnedOnly) {
      let entry = pinned.get(key);
      if (entry === undefined && !pinnedOnly) {
        const token = tokenOf(key);
        if (token !== undefined) entry = entries.get(token);
      }
      return entry === undefined || entry.plan === unplanned ? null : entry.plan;
    },
    learn(text, key, document) {
      const token = JSON.stringify(text);
      if (key === null && token.length > maxCharactersEach) return;
      let entry = entries.get(token);
      if (entry === undefined) {
        entry = { plan: createPlan(schema, document) ?? unplanned };
        entries.set(token, entry);
      }
      if (key !== null && isPinned(key)) pinned.set(key, entry);
    },
  };
}
