import { GraphQLError, Kind } from 'graphql';
import type { ValueNode } from 'graphql';

import { UnsafeNumber, parseJson } from '../../json/index.ts';

/** The operation's coerced variables; absent while a document is merely validated. */
export type Variables = Readonly<Record<string, unknown>> | null | undefined;

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
 * @throws GraphQLError for an enum value, which JSON does not have.
 */
export function jsonFromLiteral(literal: ValueNode, variables: Variables): unknown {
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
        put(variableValue(node.name.value, variables) ?? null);
        break;
      case Kind.LIST: {
        const list: unknown[] = [];
        put(list);
        for (const item of node.values)
          tasks.push({ node: item, put: (value) => list.push(value) });
        break;
      }
      case Kind.OBJECT: {
        const object = {};
        put(object);
        for (const { name, value: member } of node.fields) {
          if (isAbsent(member, variables)) continue;
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

function isAbsent(node: ValueNode, variables: Variables): boolean {
  return node.kind === Kind.VARIABLE && variableValue(node.name.value, variables) === undefined;
}

function variableValue(name: string, variables: Variables): unknown {
  if (variables === null || variables === undefined || !Object.hasOwn(variables, name)) {
    return undefined;
  }
  const value = variables[name];
  if (holdsUnsafeNumber(value)) {
    throw new GraphQLError(
      `Variable "$${name}" holds an ID that is a number beyond 2^53 - 1: send it as a string.`,
    );
  }
  return value;
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

/** Defines rather than assigns: the key may be __proto__. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
