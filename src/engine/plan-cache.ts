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
   * The plan of a document by its text, made where the text is met for the first time.
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
   * Takes in a document that was parsed, limited and validated elsewhere.
   *
   * @param key - Of a persisted document; `null` for one that was sent as text.
   */
  learn(text: string, key: string | null, document: DocumentNode): void;
}

export interface PlanCacheOptions {
  /** Whether the document of a key is never forgotten, as trusted ones are not. @default none is */
  readonly isPinned?: ((key: string) => boolean) | undefined;
  /** Whether a text gets a plan only after it was learned. @default false */
  readonly learnedOnly?: boolean | undefined;
}

export function createPlanCache(
  schema: GraphQLSchema,
  { isPinned = () => false, learnedOnly = false }: PlanCacheOptions = {},
): PlanCache {
  const entries = createTextCache<Entry>();
  /** Texts that clients write with other escapes than JSON.stringify does. */
  const spellings = createTextCache<Entry>();
  const byKey = new LRUCache<string, Entry>({ max: maxKeys });
  const pinned = new Map<string, Entry>();

  function findSpelled(token: string): Entry | undefined {
    const known = spellings.get(token);
    if (known !== undefined) return known;
    const text = JSON.parse(token) as string;
    const usual = JSON.stringify(text);
    let entry = entries.get(usual);
    if (entry === undefined) {
      // A longer text would be planned anew each time.
      if (learnedOnly || usual.length > maxCharactersEach) return undefined;
      entry = { plan: planOf(text) };
      entries.set(usual, entry);
    }
    // A copy: the token is a slice of a whole request.
    if (token !== usual) spellings.set(copyText(token), entry);
    return entry;
  }

  function planOf(text: string): Plan | typeof unplanned {
    try {
      const document = parseWithinLimits(text);
      const isValid = validate(schema, document).length === 0;
      return (isValid ? createPlan(schema, document) : null) ?? unplanned;
    } catch {
      // What is wrong with it is told by Yoga's way.
      return unplanned;
    }
  }

  return {
    find(token) {
      const entry = entries.get(token) ?? findSpelled(token);
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
