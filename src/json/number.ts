/** Numbers that a double always holds: at most 15 digits, and an exponent of at most two digits. */
const shortNumber = /^-?[\d.]{1,15}(?:[eE][+-]?\d{1,2})?$/;

const numberPattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Whether a JavaScript number holds the JSON number `text`, so that writing it again gives the same
 * decimal. This is true for `0.1`, `1e2` and `1.0`, and false for `9007199254740993` and `1e400`.
 */
export function doubleHolds(text: string): boolean {
  if (shortNumber.test(text)) return true;
  const written = String(Number(text));
  return written === text || canonicalNumber(written) === canonicalNumber(text);
}

/**
 * Returns the canonical spelling of a JSON number: `15e1` for `150`, `1.5e2` and `15E+1`, and `0` for
 * any zero. Large exponents are not expanded.
 */
export function canonicalNumber(text: string): string {
  const match = numberPattern.exec(text);
  // `Infinity`, which is how a double is written that was parsed from 1e400.
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  // Loops, because /0+$/ takes quadratic time for many zeros before another digit.
  let start = 0;
  while (digits[start] === '0') start++;
  if (start === digits.length) return '0';
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  const shift = digits.length - end - fraction.length;
  return `${sign}${digits.slice(start, end)}e${shiftExponent(exponent, shift)}`;
}

function shiftExponent(exponent: string, shift: number): string {
  const [digits = ''] = /(?!0)\d*$/.exec(exponent) ?? [];
  if (digits.length <= chunkLength) return String(Number(exponent) + shift);
  return exponent.startsWith('-') ? `-${add(digits, -shift)}` : add(digits, shift);
}

/** A number of decimal digits that a double always holds, with a carry. */
const chunkLength = 15;

/** Adds chunk by chunk from the right. A BigInt would take half a second for a million digits. */
function add(digits: string, summand: number): string {
  let rest = digits;
  let sum = '';
  let carry = summand;
  while (carry !== 0 && rest !== '') {
    const chunk = Number(rest.slice(-chunkLength)) + carry;
    carry = Math.floor(chunk / 10 ** chunkLength);
    sum = String(chunk - carry * 10 ** chunkLength).padStart(chunkLength, '0') + sum;
    rest = rest.slice(0, -chunkLength);
  }
  const total = `${carry === 0 ? '' : carry}${rest}${sum}`;
  return total.replace(/^0+/, '');
}
