import { GraphQLError, Kind } from 'graphql';
import type { ValueNode } from 'graphql';

import { JsonText, UnsafeNumber, jsonText, quoteJson } from '../../json/index.ts';

/** The coerced variables of the operation; absent during validation. */
export type Variables = Readonly<Record<string, unknown>> | null | undefined;

/**
 * Converts a GraphQL literal to JSON; numbers keep their digits. As in input objects, a variable
 * without a value omits its key, and is null in a list. Does not recurse, so that deep literals do not
 * overflow the stack.
 *
 * @throws {GraphQLError} For an enum value, which JSON cannot express, and for variables that
 *   {@link LiteralVariables} rejects.
 */
export function jsonFromLiteral(literal: ValueNode, variables: Variables): JsonText {
  const given = new LiteralVariables(variables);
  let text = '';
  /** The parts that are still to be written, in reverse order. */
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
        // The grammar of numbers is the same in GraphQL and JSON.
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

/** How often one literal may use a large variable, so that a small request cannot expand to a huge value. */
const maxLargeUses = 8;
/** The number of characters from which a value is large. Objects and arrays always are. */
const largeTextLength = 256;

/** The values of the variables in one literal. */
class LiteralVariables {
  readonly #variables: Variables;
  readonly #largeUses = new Map<string, number>();

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** Returns the value of a variable; undefined where it has none. */
  get(name: string): unknown {
    const variables = this.#variables;
    if (variables === null || variables === undefined) return undefined;
    return Object.hasOwn(variables, name) ? variables[name] : undefined;
  }

  /**
   * As `get`, and counts the use.
   *
   * @throws {GraphQLError} Where the value cannot be part of a JSON value, or a large one is used too
   *   often.
   */
  use(name: string): unknown {
    const value = this.get(name);
    if (!isLarge(value)) return value;
    const uses = (this.#largeUses.get(name) ?? 0) + 1;
    this.#largeUses.set(name, uses);
    if (uses > maxLargeUses) {
      throw new GraphQLError(
        `Variable "$${name}" is used more than ${maxLargeUses} times in one JSON literal: pass the whole value as a variable.`,
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
  if (typeof value === 'string') return value.length >= largeTextLength;
  if (value instanceof JsonText)
    return '[{'.includes(value.first) || value.text.length >= largeTextLength;
  return typeof value === 'object' && value !== null;
}

/** Variables of type ID, and lists and input objects with IDs, can hold such numbers. */
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
