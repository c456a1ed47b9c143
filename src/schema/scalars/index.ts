export { DateTimeScalar } from './date-time.ts';
export { IdScalar, withIdScalar } from './id.ts';
export type { IdInput } from './id.ts';
export { JsonObjectScalar } from './json-object.ts';
export type { JsonObject } from './json-object.ts';
export { JsonScalar } from './json.ts';
