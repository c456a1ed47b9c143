import { validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';

import { copyText } from '../json/index.ts';
import { parseWithinLimits } from './document-limits.ts';
import { createPlan, type Plan } from './plan.ts';

/**
 * All texts of one cache together, in characters. Parsed, a document takes up to 120 times its
 * text, as its tokens are kept for the locations in errors: some 60 MB.
 */
const maxCharacters = 512 * 1024;
/** A longer text is not remembered: nobody should push out the others with a few of them. */
const maxCharactersEach = 8 * 1024;

/** Remembers what was made of documents, by their text: the texts used last, up to a total length. */
export function createTextCache<Value extends object | string>(): LRUCache<string, Value> {
  return new LRUCache({
    maxSize: maxCharacters,
    maxEntrySize: maxCharactersEach,
    sizeCalculation: (_value, text) => text.length + 1,
  });
}

/** A compiled field takes some 500 bytes: as much as so many characters of a parsed text. */
const charactersOfField = 4;
/** Holds whatever is planned at first sight, and persisted documents of any usual length. */
const maxPlanCharacters = 64 * 1024;

/** A document that plans do not cover: known, so that nobody tries again. */
const unplanned = Symbol('unplanned');

interface Entry {
  readonly plan: Plan | typeof unplanned;
}

/**
 * Plans weigh what they take and not what their text does: a fragment that is spread in many fields
 * is compiled in each.
 */
function createEntryCache(): LRUCache<string, Entry> {
  return new LRUCache({
    maxSize: maxCharacters,
    maxEntrySize: maxPlanCharacters,
    sizeCalculation: ({ plan }, token) =>
      token.length + 1 + (plan === unplanned ? 0 : charactersOfField * plan.fieldCount),
  });
}

/** The plans of the documents used last. */
export interface PlanCache {
  /**
   * The plan of a document by its text, made where the text is met for the first time.
   *
   * @param token - The text as a JSON string token, as it stands in the body of a request: looked
   *   up as it is, without decoding its escapes.
   */
  find(token: string): Plan | null;
  /**
   * The plan of a persisted document that was executed before.
   *
   * @param pinnedOnly - Whether an automatic document will not do.
   */
  findByKey(key: string, pinnedOnly: boolean): Plan | null;
  /**
   * Takes in a document that was parsed, limited and validated elsewhere.
   *
   * @param key - Of a persisted document, whose plan is never forgotten where it is pinned; `null` for
   *   one that was sent as text.
   */
  learn(text: string, key: string | null, document: DocumentNode): void;
}

export interface PlanCacheOptions {
  /** Whether the document of a key is never forgotten, as trusted ones are not. @default none is */
  readonly isPinned?: ((key: string) => boolean) | undefined;
  /**
   * Finds the text of another document by its key, as the JSON string token that `JSON.stringify`
   * makes of it. @default there is none
   */
  readonly tokenOf?: ((key: string) => string | undefined) | undefined;
  /** Whether a text gets a plan only after it was learned. @default false */
  readonly learnedOnly?: boolean | undefined;
}

export function createPlanCache(
  schema: GraphQLSchema,
  { isPinned = () => false, tokenOf = () => undefined, learnedOnly = false }: PlanCacheOptions = {},
): PlanCache {
  const entries = createEntryCache();
  /**
   * What JSON.stringify makes of texts that clients write with other escapes. As with keys, plans are
   * held by `entries` alone, and so bounded once.
   */
  const spellings = createTextCache<string>();
  const pinned = new Map<string, Entry>();

  function findSpelled(token: string): Entry | undefined {
    const usual = spellings.get(token) ?? JSON.stringify(JSON.parse(token));
    let entry = entries.get(usual);
    if (entry === undefined) {
      // A longer text would be planned anew each time.
      if (learnedOnly || usual.length > maxCharactersEach) return undefined;
      entry = { plan: planOf(JSON.parse(usual) as string) };
      entries.set(usual, entry);
    }
    // A copy: the token is a slice of a whole request.
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
