import type { GraphQLResolveInfo } from 'graphql';

/** One root field's answer. */
export interface ResultMember {
  /** The name of the union's member. */
  readonly member: string;
  /** What the field resolved to: the member's value, or the error that became it. */
  readonly value: unknown;
  readonly info: GraphQLResolveInfo;
}

export interface ResultMemberPluginOptions<Context> {
  /** Told the member of each result union that a root field was answered with. */
  readonly onResult: (context: Context, result: ResultMember) => void;
}
