import { printSubgraphSchema } from '@apollo/subgraph';
import {
  assertObjectType,
  Kind,
  parse,
  print,
  specifiedDirectives,
  type GraphQLSchema,
} from 'graphql';

import { createBuilder, type Builder } from './builder.ts';
import { checkLimits, rateLimitDirective } from './rate-limit-directive.ts';
import { withCheckedReferences } from './references.ts';
import { withIdScalar } from './scalars/index.ts';

const federationSpec = 'https://specs.apollo.dev/federation/v2.6';

/** The URL by which composers identify `@rateLimit`. */
const rateLimitSpec = 'https://execution-context-gateway.dev/rateLimit/v1.0';

/** Adds the types and fields of a resource to a schema. */
export type AddResource = (builder: Builder) => void;

/**
 * Creates the executable subgraph schema of the resources.
 *
 * @param description - The description of the whole schema.
 * @throws {PothosSchemaError} Where the limits of a field are inconsistent, naming the field.
 */
export function createSubgraphSchema(
  resources: readonly AddResource[],
  description?: string,
): GraphQLSchema {
  const builder = createBuilder();
  for (const add of resources) add(builder);
  const subgraph = builder.toSubGraphSchema({
    linkUrl: federationSpec,
    federationDirectives: ['@key'],
    // This list replaces the default one, so it must include @skip, @include and so on.
    directives: [...specifiedDirectives, rateLimitDirective],
    composeDirectives: ['@rateLimit'],
    extensions: {
      directives: [{ name: 'link', args: { url: rateLimitSpec, import: ['@rateLimit'] } }],
    },
  });
  // Pothos has no option for the description.
  subgraph.description = description;
  checkLimits(subgraph);
  return withServiceSdl(withCheckedReferences(withIdScalar(subgraph)));
}

/**
 * The definitions of federation's directives. Composers do not need them, but other tools reject a
 * schema that applies a directive without its definition. They follow Link v1.0 and Federation v2.6,
 * except for the type of `fields`: the scalar of the specification would appear in the API schema that
 * WunderGraph composes, and all composers accept `String`.
 */
const specifiedDefinitions = `
"""Links a specification that this schema uses, and imports names from it."""
directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

"""A name to import, or an object of a \`name\` and its local name, \`as\`."""
scalar link__Import

"""What the linked specification is needed for."""
enum link__Purpose {
  """Resolving fields securely."""
  SECURITY

  """Executing operations correctly."""
  EXECUTION
}

"""Preserves a directive in the supergraph."""
directive @composeDirective(name: String!) repeatable on SCHEMA

"""The fields by which other subgraphs identify an object of this type."""
directive @key(fields: String!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE`;

/**
 * Prints the subgraph SDL with its applied directives, and a newline at the end. Tools that do not
 * support federation can load it, because it has a `schema` definition instead of an `extend schema`,
 * and defines every directive that it applies.
 */
export function printSchema(schema: GraphQLSchema): string {
  const printed = printSubgraphSchema(schema);
  const [head] = parse(printed).definitions;
  if (head?.kind !== Kind.SCHEMA_EXTENSION || head.loc === undefined) {
    throw new TypeError('The printed subgraph does not begin with its links.');
  }
  const uses = (head.directives ?? []).map((use) => print(use));
  const isFederationLink = (use: string) => use.includes(federationSpec);
  // Pothos adds it last. As in Apollo's examples, it comes first, to tell what kind of schema follows.
  const federationFirst = [
    ...uses.filter(isFederationLink),
    ...uses.filter((use) => !isFederationLink(use)),
  ];
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  const description = schema.description ?? '';
  const described = print({ kind: Kind.STRING, value: description, block: true });
  return `${description === '' ? '' : `${described}\n`}schema
${federationFirst.map((use) => `  ${use}\n`).join('')}{
${roots.map(([operation, type]) => (type ? `  ${operation}: ${type.name}\n` : '')).join('')}}
${specifiedDefinitions}${printed.slice(head.loc.end)}
`;
}

/**
 * Makes `_service { sdl }` return the content of `schema.graphql`, byte for byte, so that a platform
 * can compare the schema of a deployment with the checked one. Apollo's resolver would leave out the
 * newline at the end.
 *
 * @returns The given schema, modified.
 */
function withServiceSdl(schema: GraphQLSchema): GraphQLSchema {
  const { sdl: field } = assertObjectType(schema.getType('_Service')).getFields();
  if (field === undefined) throw new TypeError('The schema has no field _Service.sdl.');
  // Printed on the first request, because composers ask rarely and the start should not wait.
  let sdl: string | undefined;
  field.resolve = () => (sdl ??= printSchema(schema));
  return schema;
}
