export { canonicalJson } from './canonical.ts';
export { findTooDeep } from './depth.ts';
export { jsonEquals } from './equality.ts';
export { JsonText, jsonText, quoteJson, writeJson, writeJsonTo } from './json-text.ts';
export { mergePatch } from './merge-patch.ts';
export { JsonOutput, OutputTooLong, type JsonContent } from './output.ts';
export { parseJson } from './parse.ts';
export { isRfc3339DateTime } from './rfc3339.ts';
export {
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  TOO_DEEP,
  endOfValue,
  skipSpace,
} from './scanner.ts';
export {
  JsonSource,
  copyText,
  hasEscape,
  keyIs,
  keyOf,
  readItems,
  readMembers,
  withoutByteOrderMark,
} from './source.ts';
export { UnsafeNumber } from './unsafe-number.ts';
