export { findTooDeep } from './depth.ts';
export { ExactJson, stringifyJson } from './exact-json.ts';
export { exactJson, parseJson } from './parse.ts';
export { isRfc3339DateTime } from './rfc3339.ts';
export { UnsafeNumber } from './unsafe-number.ts';
