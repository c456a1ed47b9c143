export { DateTimeScalar } from './date-time.ts';
export { IdScalar, withIdScalar } from './id.ts';
export type { IdInput } from './id.ts';
export { JsonObjectScalar, JsonScalar } from './json.ts';
