import { readFileSync } from 'node:fs';

import { composeServices as composeWithApollo } from '@apollo/composition';
import {
  composeServices as composeWithTheGuild,
  compositionHasErrors,
  transformSupergraphToPublicSchema,
} from '@theguild/federation-composition';
import { federateSubgraphs, ROUTER_COMPATIBILITY_VERSION_ONE } from '@wundergraph/composition';
import {
  assertObjectType,
  buildASTSchema,
  getArgumentValues,
  parse,
  type GraphQLSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';

import { conversationsSdl } from '../../examples/supergraph/conversations/schema.ts';

const sdl = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

interface Composition {
  readonly errors: readonly string[];
  readonly hints: readonly string[];
  readonly supergraphSdl?: string | undefined;
  /** What clients of the supergraph see. */
  readonly api?: GraphQLSchema | undefined;
}

const apiOf = (supergraphSdl: string) =>
  buildASTSchema(transformSupergraphToPublicSchema(parse(supergraphSdl)));

const services = (ours: string) => [
  { name: 'execution-contexts', url: 'http://contexts.test/graphql', typeDefs: parse(ours) },
  { name: 'conversations', url: 'http://talk.test/graphql', typeDefs: parse(conversationsSdl) },
];

const composers: Readonly<Record<string, (ours: string) => Composition>> = {
  '@apollo/composition'(ours) {
    const { errors = [], hints = [], supergraphSdl } = composeWithApollo(services(ours));
    return {
      errors: errors.map(String),
      hints: hints.map(String),
      supergraphSdl,
      api: supergraphSdl === undefined ? undefined : apiOf(supergraphSdl),
    };
  },
  '@theguild/federation-composition'(ours) {
    const result = composeWithTheGuild(services(ours));
    if (compositionHasErrors(result)) return { errors: result.errors.map(String), hints: [] };
    const { supergraphSdl } = result;
    return { errors: [], hints: [], supergraphSdl, api: apiOf(supergraphSdl) };
  },
  '@wundergraph/composition'(ours) {
    const result = federateSubgraphs({
      version: ROUTER_COMPATIBILITY_VERSION_ONE,
      subgraphs: services(ours).map(({ typeDefs, ...rest }) => ({
        ...rest,
        definitions: typeDefs,
      })),
    });
    return {
      errors: result.success ? [] : result.errors.map(String),
      hints: result.warnings.map(({ message }) => message),
      api: result.success ? result.federatedGraphClientSchema : undefined,
    };
  },
};

describe.each(Object.entries(composers))('composed by %s', (_name, compose) => {
  it('goes together with a subgraph that has errors and JSON of its own, without a hint', () => {
    const { errors, hints } = compose(sdl);
    expect({ errors, hints }).toEqual({ errors: [], hints: [] });
  });

  it('shows clients nothing of what the subgraph defines for composers and tools', () => {
    const { api } = compose(sdl);
    const types = Object.keys(api?.getTypeMap() ?? {}).filter((name) => !name.startsWith('__'));
    expect(types).toContain('AiExecutionContext');
    expect(types.filter((name) => /__|FieldSet/.test(name))).toEqual([]);
    const directives = api?.getDirectives().map(({ name }) => name) ?? [];
    expect(directives.filter((name) => /^(?:link|key|composeDirective)$/.test(name))).toEqual([]);
  });

  it.each([
    ['ExecutionContextError', 'Error'],
    ['ExecutionContextNotFoundError', 'NotFoundError'],
  ])('would not if %s were just %s', (prefixed, short) => {
    const { errors } = compose(sdl.replace(new RegExp(`\\b${prefixed}\\b`, 'g'), short));
    expect(errors).not.toEqual([]);
  });
});

// @wundergraph/composition is not here: it accepts @composeDirective and does nothing with it.
describe.each(['@apollo/composition', '@theguild/federation-composition'])(
  'the supergraph of %s',
  (composer) => {
    const supergraphSdl = composers[composer]?.(sdl).supergraphSdl ?? '';

    const schema = buildASTSchema(parse(supergraphSdl), { assumeValid: true });
    const rateLimit = schema.getDirective('rateLimit');

    it.each([
      ['Query', 'executionContext', 'read', 100, 20],
      ['Query', 'executionContexts', 'read', 100, 20],
      ['Mutation', 'updateExecutionContext', 'update', 50, 10],
      ['Mutation', 'deleteExecutionContext', 'update', 50, 10],
      ['Mutation', 'createExecutionContext', 'create', 100, 10],
    ])('shows both limits of %s.%s', (type, field, group, perMinute, perSecond) => {
      const uses = assertObjectType(schema.getType(type)).getFields()[field]?.astNode?.directives;
      const limits = uses
        ?.filter(({ name }) => name.value === 'rateLimit')
        .map((use) => rateLimit && getArgumentValues(rateLimit, use));
      expect(limits).toEqual([
        { window: '60s', max: perMinute, group },
        { window: '1s', max: perSecond, group },
      ]);
    });

    it('says where the directive is specified', () => {
      expect(supergraphSdl).toMatch(
        /@link\(\s*url: "https:\/\/execution-context-gateway\.dev\/rateLimit\/v1\.0",?\s*import: \["@rateLimit"\]/,
      );
    });
  },
);
