import { GraphQLError } from 'graphql';

import { UnsafeNumber } from '../../json/index.ts';

/** The operation's coerced variables; absent while a document is merely validated. */
export type Variables = Readonly<Record<string, unknown>> | null | undefined;

/** How often one literal may use a large variable, lest a small request become a huge value. */
const MAX_LARGE_USES = 8;
/** Characters from which on a string is large. Objects and arrays always are. */
const LARGE_STRING = 256;

/** What the variables within one literal stand for. */
export class LiteralVariables {
  readonly #variables: Variables;
  readonly #largeUses = new Map<string, number>();

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** The variable's value; undefined where it was not given. */
  get(name: string): unknown {
    const variables = this.#variables;
    if (variables === null || variables === undefined) return undefined;
    return Object.hasOwn(variables, name) ? variables[name] : undefined;
  }

  /**
   * As `get`, for a place in the literal.
   *
   * @throws GraphQLError where the value cannot be part of a JSON value, or would be too often.
   */
  use(name: string): unknown {
    const value = this.get(name);
    if (!isLarge(value)) return value;
    const uses = (this.#largeUses.get(name) ?? 0) + 1;
    this.#largeUses.set(name, uses);
    if (uses > MAX_LARGE_USES) {
      throw new GraphQLError(
        `Variable "$${name}" is used over ${MAX_LARGE_USES} times in one JSON literal: pass the whole value as a variable.`,
      );
    }
    if (uses === 1 && holdsUnsafeNumber(value)) {
      throw new GraphQLError(
        `Variable "$${name}" holds an ID that is a number beyond 2^53 - 1: send it as a string.`,
      );
    }
    return value;
  }
}

function isLarge(value: unknown): boolean {
  return typeof value === 'string'
    ? value.length >= LARGE_STRING
    : typeof value === 'object' && value !== null;
}

/** Variables of type ID, alone or within lists and input objects, may hold one. */
function holdsUnsafeNumber(value: unknown): boolean {
  const pending = [value];
  for (const next of pending) {
    if (next instanceof UnsafeNumber) return true;
    if (typeof next === 'object' && next !== null) {
      for (const member of Object.values(next)) pending.push(member);
    }
  }
  return false;
}
