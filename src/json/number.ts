/** What fits a double whatever it is: at most 15 significant digits and a two-digit exponent. */
const SHORT = /^-?[\d.]{1,15}(?:[eE][+-]?\d{1,2})?$/;

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Whether a JavaScript number holds the JSON number `text` exactly: written out again, it is the
 * same decimal. `0.1`, `1e2` and `1.0` are held, `9007199254740993` and `1e400` are not.
 */
export function numberHolds(text: string): boolean {
  if (SHORT.test(text)) return true;
  const written = String(Number(text));
  return written === text || decimal(written) === decimal(text);
}

/** One spelling for all texts of one decimal: its digits without outer zeros, then its exponent. */
function decimal(text: string): string {
  const match = NUMBER.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  // Loops, because /0+$/ takes quadratic time where many zeros stand before another digit.
  let start = 0;
  while (digits[start] === '0') start++;
  if (start === digits.length) return '0';
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  const scale = Number(exponent) - fraction.length + digits.length - end;
  return `${sign}${digits.slice(start, end)}e${scale}`;
}
