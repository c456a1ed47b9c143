import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLString,
} from 'graphql';

/** How a field's limits stand in the SDL, one use for each window. */
export const rateLimitDirective = new GraphQLDirective({
  name: 'rateLimit',
  description:
    'Admits at most `max` calls of a user in any sliding `window` (such as "60s"). Fields of one `group` share the count. Where a field has several, all of them hold, and a refused call counts in none.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  isRepeatable: true,
  args: {
    window: { type: new GraphQLNonNull(GraphQLString) },
    max: { type: new GraphQLNonNull(GraphQLInt) },
    group: { type: GraphQLString },
  },
});
