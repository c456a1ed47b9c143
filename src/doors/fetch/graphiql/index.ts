export { graphiqlExamples } from './examples.ts';
export { useGraphiQL } from './plugin.ts';
export type { GraphiQLTab } from './page.ts';
export type { PageRouteOptions as GraphiQLOptions } from './page-route.ts';
