/** Punctuation, strings, and words: numbers, true, false and null. */
const TOKEN = /[{}[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+/g;

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Whether two JSON texts are equal: the same structure and key order, strings equal by code unit,
 * numbers equal as decimals of any size. Two valid texts are, when their tokens are.
 */
export function jsonTextsEqual(a: string, b: string): boolean {
  const left = canonicalTokens(a);
  const right = canonicalTokens(b);
  return left.length === right.length && left.every((token, i) => token === right[i]);
}

/** The text's tokens, each in one spelling of the many that mean the same. */
export function canonicalTokens(text: string): string[] {
  JSON.parse(text);
  return (text.match(TOKEN) ?? []).map((token) =>
    token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : canonicalNumber(token),
  );
}

function canonicalNumber(token: string): string {
  const match = NUMBER.exec(token);
  if (match === null) return token;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  let coefficient = BigInt(whole + fraction);
  if (coefficient === 0n) return '0';
  let scale = BigInt(exponent) - BigInt(fraction.length);
  for (; coefficient % 10n === 0n; scale++) coefficient /= 10n;
  return `${sign}${coefficient}e${scale}`;
}
