import {
  buildSchema,
  getNamedType,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLOutputType,
} from 'graphql';

/** An operation without its name: `query <name>($id: ID!) { executionContext(id: $id) { … } }`. */
export interface Operation {
  readonly type: 'query' | 'mutation' | 'subscription';
  /** The root field, the only one. */
  readonly field: string;
  /** What follows the name: variables and selections. */
  readonly body: string;
}

/**
 * An operation for each root field of a schema, with all of its arguments and all that it may answer: of a union,
 * every field of every member.
 */
export function everyOperation(sdl: string): readonly Operation[] {
  const schema = buildSchema(sdl);
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([type, root]) =>
    Object.values(root?.getFields() ?? {}).map((field) => ({
      type,
      field: field.name,
      body: bodyOf(field),
    })),
  );
}

function bodyOf({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const variables = args.map((argument) => `$${argument.name}: ${String(argument.type)}`);
  const values = args.map((argument) => `${argument.name}: $${argument.name}`);
  const listed = (items: readonly string[]) => (items.length === 0 ? '' : `(${items.join(', ')})`);
  return `${listed(variables)} { ${name}${listed(values)}${selectionOf(type)} }`;
}

/** Everything below a field, with a space before it; nothing where the field is a leaf. */
function selectionOf(type: GraphQLOutputType): string {
  const named = getNamedType(type);
  if (isUnionType(named)) {
    const members = named.getTypes().map((member) => `... on ${member.name}${selectionOf(member)}`);
    return ` { __typename ${members.join(' ')} }`;
  }
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields());
  return ` { ${fields.map((field) => field.name + selectionOf(field.type)).join(' ')} }`;
}
