import { GraphQLError, Kind } from 'graphql';
import type { ValueNode } from 'graphql';

import { parseJson } from '../../json/index.ts';
import { LiteralVariables } from './literal-variables.ts';
import type { Variables } from './literal-variables.ts';

/** A literal yet to be read, and where its value goes. */
interface Task {
  readonly node: ValueNode;
  readonly put: (value: unknown) => void;
}

/**
 * The JSON value that a GraphQL literal stands for, its numbers with the digits they were written
 * with. As in input objects, a variable that was not given leaves its key out, and is null in a
 * list. Works through the literal level by level, so that no depth overflows the stack.
 *
 * @throws GraphQLError for an enum value, which JSON does not have, and for what
 *   {@link LiteralVariables} refuses.
 */
export function jsonFromLiteral(literal: ValueNode, variables: Variables): unknown {
  const given = new LiteralVariables(variables);
  let result: unknown;
  const tasks: Task[] = [{ node: literal, put: (value) => (result = value) }];
  // Grows while it is walked; a level's members stay in the order they were written in.
  for (const { node, put } of tasks) {
    switch (node.kind) {
      case Kind.NULL:
        put(null);
        break;
      case Kind.BOOLEAN:
      case Kind.STRING:
        put(node.value);
        break;
      case Kind.INT:
      case Kind.FLOAT:
        // GraphQL's numbers are JSON's, to the letter.
        put(parseJson(node.value));
        break;
      case Kind.VARIABLE:
        put(given.use(node.name.value) ?? null);
        break;
      case Kind.LIST: {
        const list: unknown[] = [];
        put(list);
        for (const item of node.values) {
          tasks.push({ node: item, put: (value) => list.push(value) });
        }
        break;
      }
      case Kind.OBJECT: {
        const object = {};
        put(object);
        for (const { name, value: member } of node.fields) {
          const absent =
            member.kind === Kind.VARIABLE && given.get(member.name.value) === undefined;
          if (absent) continue;
          tasks.push({ node: member, put: define.bind(null, object, name.value) });
        }
        break;
      }
      case Kind.ENUM:
        throw new GraphQLError(
          `JSON has no enum values: write ${node.value} as the string "${node.value}".`,
          { nodes: node },
        );
    }
  }
  return result;
}

/** Defines rather than assigns: the key may be __proto__. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
