import './global-types.ts';

import SchemaBuilder, {
  BasePlugin,
  PothosSchemaError,
  type PothosOutputFieldConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';

import { parseRateLimitRules, type RateLimitWindow } from '../../../rate-limit/limit.ts';
import { rateLimitDirective } from './directive.ts';
import { limitOf, type CountedLimit } from './counted-limit.ts';
import type { FieldRateLimit, RateLimitPluginOptions } from './types.ts';

export { limitOf, type CountedLimit } from './counted-limit.ts';
export { rateLimitDirective } from './directive.ts';
export type { FieldRateLimit, RateLimitPluginOptions } from './types.ts';

const pluginName = 'rateLimit';
export default pluginName;

/**
 * Adds the `rateLimit` option to fields: it is printed as `@rateLimit`, enforced before the field
 * resolves, and a refusal becomes a member of the field's result union.
 *
 * Lists after the errors plugin: inside of it, so that a refusal lands in the union.
 */
export class RateLimitPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  /** What a group was first declared with: one count cannot have two limits. */
  readonly #groups = new Map<string, string>();

  override onOutputFieldConfig(
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): PothosOutputFieldConfig<Types> {
    const { rateLimit, errors } = fieldConfig.pothosOptions;
    if (rateLimit === undefined) return fieldConfig;

    const field = coordinate(fieldConfig);
    if (!errors) {
      throw new PothosSchemaError(
        `Field ${field} has a rate limit but no result union to refuse in: give it the errors option`,
      );
    }
    const group = groupOf(rateLimit, fieldConfig);
    const windows = this.#parse(field, group, rateLimit);
    const uses = rateLimit.limits.map((limit) => ({ ...limit, group }));
    const types = [...new Set([...(errors.types ?? []), this.#options.errorType])];
    return {
      ...fieldConfig,
      pothosOptions: {
        ...fieldConfig.pothosOptions,
        errors: { ...errors, types },
      },
      extensions: {
        ...fieldConfig.extensions,
        rateLimit: { group, windows } satisfies CountedLimit,
        directives: [
          ...directivesOf(fieldConfig),
          ...uses.map((args) => ({ name: rateLimitDirective.name, args })),
        ],
      },
    } as PothosOutputFieldConfig<Types>;
  }

  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    const limit = limitOf(fieldConfig);
    if (limit === undefined) return resolve;

    const { charge } = this.#options;
    return async (parent, args, context, info) => {
      await charge(context, limit.group, limit.windows);
      return resolve(parent, args, context, info);
    };
  }

  get #options(): RateLimitPluginOptions<Types> {
    return this.builder.options.rateLimit;
  }

  #parse(field: string, group: string, { limits }: FieldRateLimit): readonly RateLimitWindow[] {
    const declared = JSON.stringify(limits);
    const before = this.#groups.get(group) ?? declared;
    this.#groups.set(group, before);
    if (before !== declared) {
      throw new PothosSchemaError(
        `Field ${field} gives the rate limit group "${group}" other limits than another field of it`,
      );
    }
    try {
      return parseRateLimitRules(limits);
    } catch (error) {
      throw new PothosSchemaError(`Field ${field}: ${(error as Error).message}`);
    }
  }
}

function coordinate({ parentType, name }: { parentType: string; name: string }): string {
  return `${parentType}.${name}`;
}

function groupOf(
  { group }: FieldRateLimit,
  fieldConfig: { parentType: string; name: string },
): string {
  return group ?? coordinate(fieldConfig);
}

/** What is there already, from the field's options and from other plugins, as a list of uses. */
function directivesOf(fieldConfig: { extensions?: object | null | undefined }): object[] {
  const directives: unknown = Reflect.get(fieldConfig.extensions ?? {}, 'directives');
  return Array.isArray(directives) ? (directives as object[]) : [];
}

SchemaBuilder.registerPlugin(pluginName, RateLimitPlugin);
