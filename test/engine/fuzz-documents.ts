import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isUnionType,
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLUnionType,
} from 'graphql';

import { operationOf } from '../../src/engine/result-union.ts';
import { schema } from '../../src/gateway.ts';
import type { Draw } from './draw.ts';
import { oddIds, storedIds } from './memory-api.ts';

export interface Variable {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly isRequired: boolean;
  readonly defaultValue: string | null;
}

export interface FuzzedDocument {
  readonly text: string;
  readonly variables: readonly Variable[];
  readonly operationName: string | null;
}

const variableNames = ['id', 'input', 'page', 'a', '_', 'x1', 'data', 'query'];
/** Names that every object has. */
const inheritedNames = ['toString', '__proto__', 'constructor', 'hasOwnProperty'];

/** Writes documents that are valid, but for a few. */
export class DocumentWriter {
  readonly #draw: Draw;
  readonly #variables: Variable[] = [];
  readonly #fragments = new Map<string, string>();
  readonly #isPlain: boolean;

  constructor(draw: Draw) {
    this.#draw = draw;
    this.#isPlain = !draw.chance(6);
  }

  write(): FuzzedDocument {
    const draw = this.#draw;
    const kind = draw.of(['query', 'mutation'] as const);
    const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
    if (!root) throw new TypeError(`The schema has no ${kind}.`);
    const name = draw.of([null, 'Op', 'toString', '__proto__']);
    const selected = this.#rootFields(root);
    const variables = this.#variables
      .map(({ name: variable, type, isRequired, defaultValue }) => {
        const suffix = isRequired ? '!' : '';
        const start = defaultValue === null ? '' : ` = ${defaultValue}`;
        return `$${variable}: ${String(getNullableType(type))}${suffix}${start}`;
      })
      .join(draw.of([', ', ' ', ',\n']));
    const head = variables === '' ? '' : `(${variables})`;
    const isShort = kind === 'query' && name === null && head === '' && draw.chance(50);
    const operation = isShort ? selected : `${kind} ${name ?? ''}${head} ${selected}`;
    const fragments = [...this.#fragments].map(([of, text]) => `fragment ${of} ${text}`);
    const others = draw.rarely(2, [], ['query Other { __typename }']);
    const text = this.#spaced([operation, ...fragments, ...others].join('\n'));
    return {
      text: draw.rarely(3, text, text.slice(1), text.slice(0, -1), `${text} }`, `${text} é`),
      variables: this.#variables,
      operationName: name,
    };
  }

  /** With other characters between tokens; a blank within a string is not always the same, either. */
  #spaced(text: string): string {
    const draw = this.#draw;
    if (!draw.chance(30)) return text;
    const space = draw.of(['\n', ' , ', '\t', ' \ufeff', ' # é "☕\n', '\r\n  ']);
    return `${draw.of(['', '\ufeff', '# ☕\n'])}${text.replaceAll(' { ', `${space}{${space}`)}`;
  }

  #rootFields(root: GraphQLObjectType): string {
    const draw = this.#draw;
    const fields = Object.values(root.getFields());
    const operations = fields.filter((field) => operationOf(field) !== undefined);
    const count = draw.rarely(40, 1, 2, 3, 5);
    const selected: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const field = draw.of(operations);
      const alias = i === 0 && draw.chance(50) ? '' : `${draw.of(['r', '_', '__proto_'])}${i}: `;
      const args = this.#arguments(field.args);
      const union = getNamedType(field.type);
      if (!isUnionType(union)) continue;
      const directive = this.#directive();
      selected.push(`${alias}${field.name}${args}${directive} ${this.#union(union, field.name)}`);
    }
    if (!this.#isPlain) {
      selected.push(
        draw.of([
          '__typename',
          selected[0] ?? '',
          '_service { __typename sdl }',
          '... { t: __typename }',
          '__schema { __typename }',
        ]),
      );
    }
    return `{ ${selected.join(' ')} }`;
  }

  #directive(): string {
    if (this.#isPlain || !this.#draw.chance(20)) return '';
    return this.#draw.of([' @include(if: true)', ' @skip(if: false)', ' @skip(if: true)']);
  }

  #union(union: GraphQLUnionType, field: string): string {
    const draw = this.#draw;
    const members = union.getTypes();
    const success = members.find(({ name }) => !name.endsWith('Error')) ?? members[0];
    const selected: string[] = [draw.of(['__typename', 't: __typename', ''])];
    for (let i = draw.below(4); i >= 0; i -= 1) {
      const member = draw.chance(60) && success !== undefined ? success : draw.of(members);
      selected.push(this.#fragment(member.name, this.#object(member)));
    }
    selected.push(this.#error());
    if (draw.chance(20)) {
      const inner = selected.splice(0, 2).join(' ');
      selected.push(this.#fragment(union.name, `{ ${inner === ' ' ? '__typename' : inner} }`));
    }
    if (draw.chance(10)) selected.push('... { u: __typename }');
    const text = selected.join(' ').trim();
    return `{ ${text === '' ? `__typename ${field.slice(0, 0)}` : text} }`;
  }

  #error(): string {
    const on = 'ExecutionContextError';
    const write = this.#draw.rarely(
      30,
      () => this.#fragment(on, '{ code message requestId }'),
      () => '',
      () =>
        `... on ${on} { code ... on ExecutionContextInputError { issues { path message path } } }`,
      () => this.#fragment(on, `{ __typename c: code ${this.#fragment(on, '{ message }')} }`),
    );
    return write();
  }

  /** An inline fragment or a spread; once written, a fragment may be spread again. */
  #fragment(on: string, selection: string): string {
    const draw = this.#draw;
    const directive = this.#directive();
    if (draw.chance(60)) return `... on ${on}${directive} ${selection}`;
    const text = `on ${on} ${selection}`;
    const name = `F${this.#fragments.size}`;
    this.#fragments.set(name, text);
    return `...${name}${directive}${draw.rarely(15, '', ` ...${name}`)}`;
  }

  #object(type: GraphQLObjectType): string {
    const draw = this.#draw;
    const fields = Object.values(type.getFields());
    const selected = [draw.rarely(30, '', '__typename', 'n: __typename')];
    for (let i = draw.below(4); i >= 0; i -= 1) {
      const field = draw.of(fields);
      const below = getNamedType(field.type);
      // An alias made of the field's name never stands for two fields.
      const alias = draw.rarely(25, '', `a_${field.name}: `, `__proto__${field.name}: `);
      const isObject = isCompositeType(below) && !isUnionType(below);
      const selection = isObject ? ` ${this.#object(below as GraphQLObjectType)}` : '';
      selected.push(`${alias}${field.name}${this.#directive()}${selection}`);
    }
    return `{ ${selected.join(' ').trim()} }`;
  }

  #arguments(args: readonly GraphQLArgument[]): string {
    const draw = this.#draw;
    const given = args.flatMap((argument) => {
      const { name, type, defaultValue } = argument;
      const isNeeded = isNonNullType(type) && defaultValue === undefined;
      if (!isNeeded && draw.chance(40)) return [];
      return [
        `${name}: ${draw.chance(60) ? this.#variable(type, argument) : this.#literal(type, 0)}`,
      ];
    });
    if (draw.chance(30)) given.reverse();
    return given.length === 0 ? '' : `(${given.join(draw.of([', ', ' ']))})`;
  }

  #variable(
    type: GraphQLInputType,
    argument: Pick<GraphQLArgument, 'defaultValue'> | null,
  ): string {
    const draw = this.#draw;
    const mustBe = isNonNullType(type) && (argument?.defaultValue ?? undefined) === undefined;
    const inner = getNullableType(type);
    const known = this.#variables.filter(
      (variable) => variable.type === inner && (variable.isRequired || !mustBe),
    );
    if (known.length > 0 && draw.chance(40)) return `$${draw.of(known).name}`;
    const isRequired = mustBe || draw.chance(30);
    const names = draw.chance(3) ? inheritedNames : variableNames;
    let name = draw.of(names);
    while (this.#variables.some((variable) => variable.name === name)) name += '1';
    const defaultValue = draw.chance(8) ? this.#constant(inner, isRequired) : null;
    this.#variables.push({ name, type: inner, isRequired, defaultValue });
    return `$${name}`;
  }

  #constant(type: GraphQLInputType, isRequired: boolean): string {
    const text = this.#literal(type, -1);
    return isRequired && text === 'null' ? this.#constant(type, isRequired) : text;
  }

  /** @param depth - Below 0 no variable may stand within. */
  #literal(type: GraphQLInputType, depth: number): string {
    const draw = this.#draw;
    const inner = getNullableType(type);
    if (!isNonNullType(type) && draw.chance(8)) return 'null';
    if (depth > 0 && draw.chance(20)) return this.#variable(type, null);
    const next = depth < 0 ? depth : depth + 1;
    if (isListType(inner)) return `[${this.#literal(inner.ofType, next)}]`;
    if (isInputObjectType(inner)) {
      const fields = Object.values(inner.getFields()).filter(
        (field) => isNonNullType(field.type) || draw.chance(60),
      );
      if (draw.chance(30)) fields.reverse();
      const members = fields.map((field) => `${field.name}: ${this.#literal(field.type, next)}`);
      return `{ ${members.join(', ')} }`;
    }
    const { name } = getNamedType(inner);
    if (name === 'JSON' || name === 'JSONObject') return this.#json(name, depth);
    const literals = literalsOf[name] ?? ['null'];
    return name === 'ID' && draw.chance(60) ? quoteLiteral(draw.of(storedIds)) : draw.of(literals);
  }

  #json(name: string, depth: number): string {
    const draw = this.#draw;
    const text = draw.literal();
    if (depth >= 0 && draw.chance(20)) {
      const json = schema.getType('JSON') as GraphQLInputType;
      return `{ b: [1.50, ${this.#variable(json, null)}], a: ${text} }`;
    }
    return name === 'JSON' ? text : `{ a: ${text} }`;
  }
}

export const quoteLiteral = (text: string) => JSON.stringify(text);

const literalsOf: Readonly<Record<string, readonly string[]>> = {
  ID: [...oddIds.map(quoteLiteral), '1', '""', '"."', '".."', '9007199254740993', '"""slow"""'],
  Int: ['1', '2', '0', '-1', '100', '101', '2147483647'],
  Boolean: ['true', 'false'],
  String: ['"x"', '""', '"""block"""'],
};
