import { specifiedDirectives } from 'graphql';

import './execution-context/mutations.ts';
import './execution-context/queries.ts';

import { builder } from './builder.ts';
import { withCheckedReferences } from './checked-references.ts';
import { rateLimitDirective } from './plugins/rate-limit/index.ts';
import { withIdScalar } from './scalars/index.ts';
import { withServiceSdl } from './service-sdl.ts';

/** Where `@rateLimit` is specified; composers tell equal directives apart by such URLs. */
const rateLimitSpec = 'https://execution-context-gateway.dev/rateLimit/v1.0';

const subgraph = builder.toSubGraphSchema({
  linkUrl: 'https://specs.apollo.dev/federation/v2.6',
  federationDirectives: ['@key'],
  // A list of one's own replaces @include, @skip and the others that GraphQL itself specifies.
  directives: [...specifiedDirectives, rateLimitDirective],
  composeDirectives: ['@rateLimit'],
  extensions: {
    directives: [{ name: 'link', args: { url: rateLimitSpec, import: ['@rateLimit'] } }],
  },
});

/** The executable subgraph schema, built once when this module is loaded. */
export const schema = withServiceSdl(withCheckedReferences(withIdScalar(subgraph)));
