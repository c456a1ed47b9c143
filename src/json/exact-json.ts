import { randomUUID } from 'node:crypto';

/**
 * A JSON value that plain JavaScript would distort, carried as the text it came in: a number whose
 * digits a double does not hold, or an object or array with such a number, or with keys that plain
 * objects reorder, somewhere inside.
 */
export class ExactJson {
  /** The value's source text: valid JSON, which nobody checks again. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * For {@link stringifyJson}. Anyone else who serialises this (a log line, an error message) gets
   * the text as a string, which cannot be mistaken for the distorted value.
   */
  toJSON(): string {
    if (writing === null) return this.text;
    writing.carriers.push(this);
    return (writing.placeholder ??= randomUUID());
  }
}

interface Writing {
  readonly carriers: ExactJson[];
  placeholder: string | undefined;
}

/** The innermost {@link stringifyJson} at work; JSON.stringify is synchronous, so one is enough. */
let writing: Writing | null = null;

/**
 * JSON.stringify, but every {@link ExactJson} in the value, at any depth, contributes its text
 * verbatim.
 *
 * Each carrier leaves a placeholder that is swapped for its text afterwards. The placeholder is
 * drawn when the first carrier is met, so no data in the value, which was complete by then, can
 * contain it, and JSON.stringify writes values in the order it asks them for their `toJSON`.
 *
 * @throws TypeError where JSON.stringify does (a cycle, a BigInt) and for what is no JSON value
 *   (`undefined`, a function, a symbol).
 * @throws RangeError for plain values nested some thousands deep; see `findTooDeep`.
 */
export function stringifyJson(value: unknown): string {
  const outer = writing;
  const mine: Writing = { carriers: [], placeholder: undefined };
  writing = mine;
  try {
    const text: unknown = JSON.stringify(value);
    if (typeof text !== 'string') throw new TypeError(`JSON cannot express a ${typeof value}.`);
    return mine.placeholder === undefined ? text : weave(text, mine.placeholder, mine.carriers);
  } finally {
    writing = outer;
  }
}

function weave(text: string, placeholder: string, carriers: readonly ExactJson[]): string {
  const pieces = text.split(`"${placeholder}"`);
  if (pieces.length !== carriers.length + 1) {
    throw new TypeError('A toJSON method called that of an ExactJson and changed its result.');
  }
  return pieces.reduce((woven, piece, i) => woven + (carriers[i - 1]?.text ?? '') + piece);
}
