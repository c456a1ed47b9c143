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

/** Where `@rateLimit` is specified; composers tell equal directives apart by such URLs. */
const rateLimitSpec = 'https://execution-context-gateway.dev/rateLimit/v1.0';

/** Adds the types and fields of a resource. */
export type AddResource = (builder: Builder) => void;

/**
 * The executable subgraph schema of some resources.
 *
 * @param description - Of the schema as a whole: what a reader should know first.
 * @throws PothosSchemaError where a field's limits do not fit, naming the field.
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
    // A list of one's own replaces @include, @skip and the others that GraphQL itself specifies.
    directives: [...specifiedDirectives, rateLimitDirective],
    composeDirectives: ['@rateLimit'],
    extensions: {
      directives: [{ name: 'link', args: { url: rateLimitSpec, import: ['@rateLimit'] } }],
    },
  });
  // Pothos has no option for it.
  subgraph.description = description;
  checkLimits(subgraph);
  return withServiceSdl(withCheckedReferences(withIdScalar(subgraph)));
}

/**
 * The directives that composers know by themselves. Every other tool refuses a schema that applies a
 * directive it has no definition of. They are as Link v1.0 and Federation v2.6 define them, but for
 * the type of `fields`: the specification's scalar would turn up in the API that WunderGraph
 * composes, and composers take `String` in its place.
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
 * The subgraph SDL with its applied directives, as a text file: it ends in a newline. Tools that know
 * nothing of federation load it as it is: it is a `schema` of its own, since an `extend schema` needs
 * another one to extend, and it defines every directive that it applies.
 */
export function printSchema(schema: GraphQLSchema): string {
  const printed = printSubgraphSchema(schema);
  const [head] = parse(printed).definitions;
  if (head?.kind !== Kind.SCHEMA_EXTENSION || head.loc === undefined) {
    throw new TypeError('The printed subgraph does not begin with its links.');
  }
  const uses = (head.directives ?? []).map((use) => print(use));
  const isFederationLink = (use: string) => use.includes(federationSpec);
  // Pothos adds it last. First, as in Apollo's own examples, it says what kind of schema follows.
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
 * Lets `_service { sdl }` answer what `schema.graphql` holds, byte for byte, so that a platform can
 * tell by a plain comparison whether a deployment serves the schema it was checked with. Of itself
 * the answer lacks the newline that ends the file.
 *
 * @returns The schema that was given, changed.
 */
function withServiceSdl(schema: GraphQLSchema): GraphQLSchema {
  const { sdl: field } = assertObjectType(schema.getType('_Service')).getFields();
  if (field === undefined) throw new TypeError('The schema has no field _Service.sdl.');
  // Composers ask once in a while: a start does not wait for it.
  let sdl: string | undefined;
  field.resolve = () => (sdl ??= printSchema(schema));
  return schema;
}
