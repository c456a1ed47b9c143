export { graphiqlExamples } from './examples.ts';
export { useGraphiQL } from './plugin.ts';
export type { GraphiQLTab } from './page.ts';
export type { GraphiQLOptions } from './plugin.ts';
