import { GraphQLError, Kind } from 'graphql';
import type { ValueNode } from 'graphql';

import { JsonText, UnsafeNumber, jsonText, quoteJson } from '../../json/index.ts';

/** The operation's coerced variables; absent while a document is merely validated. */
export type Variables = Readonly<Record<string, unknown>> | null | undefined;

/**
 * The JSON value that a GraphQL literal stands for, its numbers with the digits they were written
 * with. As in input objects, a variable that was not given leaves its key out, and is null in a
 * list. Works without recursion, so that no depth overflows the stack.
 *
 * @throws GraphQLError for an enum value, which JSON does not have, and for what
 *   {@link LiteralVariables} refuses.
 */
export function jsonFromLiteral(literal: ValueNode, variables: Variables): JsonText {
  const given = new LiteralVariables(variables);
  let text = '';
  /** What is yet to be written, the next last. */
  const pending: (ValueNode | string)[] = [literal];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') {
      text += next;
      continue;
    }
    switch (next.kind) {
      case Kind.NULL:
        text += 'null';
        break;
      case Kind.BOOLEAN:
        text += String(next.value);
        break;
      case Kind.STRING:
        text += quoteJson(next.value);
        break;
      case Kind.INT:
      case Kind.FLOAT:
        // GraphQL's numbers are JSON's, to the letter.
        text += next.value;
        break;
      case Kind.VARIABLE:
        text += jsonText(given.use(next.name.value) ?? null).text;
        break;
      case Kind.LIST: {
        const parts: (ValueNode | string)[] = ['['];
        next.values.forEach((item, index) => parts.push(index === 0 ? '' : ',', item));
        parts.push(']');
        pending.push(...parts.reverse());
        break;
      }
      case Kind.OBJECT: {
        const parts: (ValueNode | string)[] = ['{'];
        for (const { name, value } of next.fields) {
          if (value.kind === Kind.VARIABLE && given.get(value.name.value) === undefined) continue;
          parts.push(`${parts.length === 1 ? '' : ','}${quoteJson(name.value)}:`, value);
        }
        parts.push('}');
        pending.push(...parts.reverse());
        break;
      }
      case Kind.ENUM:
        throw new GraphQLError(
          `JSON has no enum values: write ${next.value} as the string "${next.value}".`,
          { nodes: next },
        );
    }
  }
  return new JsonText(text);
}

/** How often one literal may use a large variable, lest a small request become a huge value. */
const MAX_LARGE_USES = 8;
/** Characters from which on a value is large. Objects and arrays always are. */
const LARGE_TEXT = 256;

/** What the variables within one literal stand for. */
class LiteralVariables {
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
  if (typeof value === 'string') return value.length >= LARGE_TEXT;
  if (value instanceof JsonText)
    return '[{'.includes(value.first) || value.text.length >= LARGE_TEXT;
  return typeof value === 'object' && value !== null;
}

/** Variables of type ID, alone or within lists and input objects, may hold one. */
function holdsUnsafeNumber(value: unknown): boolean {
  const pending = [value];
  for (const next of pending) {
    if (next instanceof UnsafeNumber) return true;
    if (next instanceof JsonText) continue;
    if (typeof next === 'object' && next !== null) {
      for (const member of Object.values(next)) pending.push(member);
    }
  }
  return false;
}
