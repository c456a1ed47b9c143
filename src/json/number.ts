/** What a double holds whatever it is: at most 15 significant digits and a two-digit exponent. */
const SHORT = /^-?[\d.]{1,15}(?:[eE][+-]?\d{1,2})?$/;

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Whether a JavaScript number holds the JSON number `text` exactly: written out again, it is the
 * same decimal. `0.1`, `1e2` and `1.0` are held, `9007199254740993` and `1e400` are not.
 */
export function doubleHolds(text: string): boolean {
  if (SHORT.test(text)) return true;
  const written = String(Number(text));
  return written === text || canonicalNumber(written) === canonicalNumber(text);
}

/**
 * The one spelling of all JSON numbers that are the same decimal: `150`, `1.5e2` and `15E+1` are
 * `15e1`, any zero is `0`. The exponent, however large, is counted and never expanded.
 */
export function canonicalNumber(text: string): string {
  const match = NUMBER.exec(text);
  // Infinity is what a double makes of 1e400.
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  // Loops, because /0+$/ takes quadratic time where many zeros stand before another digit.
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
  if (digits.length <= CHUNK) return String(Number(exponent) + shift);
  return exponent.startsWith('-') ? `-${add(digits, -shift)}` : add(digits, shift);
}

/** How many decimal digits a double surely holds, with a carry. */
const CHUNK = 15;

/** Adds by chunks from the right. A BigInt would take half a second for a million digits. */
function add(digits: string, summand: number): string {
  let rest = digits;
  let sum = '';
  let carry = summand;
  while (carry !== 0 && rest !== '') {
    const chunk = Number(rest.slice(-CHUNK)) + carry;
    carry = Math.floor(chunk / 10 ** CHUNK);
    sum = String(chunk - carry * 10 ** CHUNK).padStart(CHUNK, '0') + sum;
    rest = rest.slice(0, -CHUNK);
  }
  const total = `${carry === 0 ? '' : carry}${rest}${sum}`;
  return total.replace(/^0+/, '');
}
