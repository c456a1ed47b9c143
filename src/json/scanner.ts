const BACKSLASH = 0x5c;
const SPACE = 0x20;

/**
 * Steps through the tokens of a text that is known to be valid JSON, without recursion, so that no
 * depth can overflow the stack.
 */
export class JsonScanner {
  readonly #text: string;
  /** Where the current token starts and ends in the text. */
  start = 0;
  end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves to the next token and returns its first character; undefined at the end of the text. */
  next(): string | undefined {
    const text = this.#text;
    let at = this.end;
    while (at < text.length && text.charCodeAt(at) <= SPACE) at++;
    this.start = at;
    const first = text[at];
    switch (first) {
      case undefined:
        this.end = at;
        break;
      case '{':
      case '}':
      case '[':
      case ']':
      case ':':
      case ',':
        this.end = at + 1;
        break;
      case '"':
        this.end = endOfString(text, at);
        break;
      default:
        this.end = endOfWord(text, at);
    }
    return first;
  }

  /** Moves from the current token, an opening bracket, to the one that closes it. */
  skipContainer(): void {
    for (let depth = 1; depth > 0;) {
      const first = this.next();
      if (first === '{' || first === '[') depth++;
      else if (first === '}' || first === ']' || first === undefined) depth--;
    }
  }

  /** The current token's text. */
  get token(): string {
    return this.#text.slice(this.start, this.end);
  }

  /** The value of the current token, which is a string. */
  get string(): string {
    const { token } = this;
    return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
  }
}

/** A quote ends the string unless an odd number of backslashes stands before it. */
function endOfString(text: string, start: number): number {
  for (let at = start; ;) {
    at = text.indexOf('"', at + 1);
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
}

/** Numbers and names end before whitespace, a comma or a closing bracket. */
function endOfWord(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char <= SPACE || char === 0x2c || char === 0x5d || char === 0x7d) break;
  }
  return at;
}
