/** The media types that results are written in. */
export const mediaTypes = [
  'application/json',
  'application/graphql-response+json',
  'text/event-stream',
] as const;

/** A media type that results are written in. */
export type MediaType = (typeof mediaTypes)[number];

interface Preference {
  readonly range: string;
  readonly weight: number;
}

const known = new Map<string, MediaType | null>();
/** Clients send few different `Accept` headers; the bounds protect the memory from arbitrary ones. */
const maxKnown = 100;
const maxKnownLength = 256;

/**
 * Chooses the media type of a response (RFC 9110, sections 12.4.2 and 12.5.1): of those in which results
 * are written, the one with the highest weight; of equal ones the one named first. A type that the
 * client excludes by `q=0` is not sent even where a wildcard would allow it.
 *
 * @param accept - The `Accept` header; if absent, any media type is accepted.
 * @returns `null` where the client accepts no such type: the request must then be refused before
 *   anything of it runs.
 */
export function negotiate(accept: string | null | undefined): MediaType | null {
  if (accept === undefined || accept === null) return 'application/json';
  let type = known.get(accept);
  if (type === undefined) {
    type = choose(parseAccept(accept));
    if (accept.length <= maxKnownLength) {
      if (known.size >= maxKnown) known.clear();
      known.set(accept, type);
    }
  }
  return type;
}

/** The message for a subscription whose `Accept` header excludes events. */
export const eventsOnly =
  'A subscription is answered as a stream of events: the Accept header must allow text/event-stream.';

/**
 * Whether the client accepts server-sent events, the only media type of a subscription's response.
 *
 * @param accept - The `Accept` header; if absent, any media type is accepted.
 */
export function acceptsEvents(accept: string | null | undefined): boolean {
  const preferences = parseAccept(accept ?? '');
  if (preferences.length === 0) return true;
  const found = mostSpecific('text/event-stream', preferences);
  return found !== null && found.weight > 0;
}

/**
 * Returns the offer that an `Accept` or `Accept-Encoding` header ranks highest (RFC 9110, section 12.5);
 * of equal ones the first of `offers`. The header must name the offer: a wildcard does not match.
 *
 * @param offers - In lower case.
 */
export function preferred<Offer extends string>(
  header: string | null,
  offers: readonly Offer[],
): Offer | undefined {
  const preferences = parseAccept(header ?? '');
  let best: Offer | undefined;
  let bestWeight = 0;
  for (const offer of offers) {
    const weight = preferences.find(({ range }) => range === offer)?.weight ?? 0;
    if (weight > bestWeight) {
      best = offer;
      bestWeight = weight;
    }
  }
  return best;
}

function choose(preferences: readonly Preference[]): MediaType | null {
  // An empty header states no preference.
  if (preferences.length === 0) return 'application/json';
  let best: { readonly type: MediaType; readonly weight: number; readonly place: number } | null =
    null;
  for (const type of mediaTypes) {
    const found = mostSpecific(type, preferences);
    if (found === null || found.weight === 0) continue;
    const { weight, place } = found;
    if (best === null || weight > best.weight || (weight === best.weight && place < best.place)) {
      best = { type, weight, place };
    }
  }
  return best?.type ?? null;
}

/** The weight of a type is that of the most specific range that matches it, in whatever order. */
function mostSpecific(type: MediaType, preferences: readonly Preference[]) {
  const [main = ''] = type.split('/', 1);
  for (const range of [type, `${main}/*`, '*/*']) {
    const place = preferences.findIndex((preference) => preference.range === range);
    const preference = preferences[place];
    if (preference !== undefined) return { weight: preference.weight, place };
  }
  return null;
}

function parseAccept(accept: string): Preference[] {
  const preferences: Preference[] = [];
  for (const element of splitUnquoted(accept, ',')) {
    const [range = '', ...parameters] = splitUnquoted(element, ';').map((part) => part.trim());
    if (range === '') continue;
    if (!parameters.every(isHarmless)) {
      // Kept, because the header does state a preference; but it matches no type that can be sent.
      preferences.push({ range: '', weight: 0 });
      continue;
    }
    const weight = parameters.map(weightOf).find((value) => value !== null) ?? 1;
    preferences.push({ range: range.toLowerCase(), weight });
  }
  return preferences;
}

/** Responses are UTF-8, so a range that asks for another charset matches nothing. */
function isHarmless(parameter: string): boolean {
  const [name = '', value = ''] = parameter.split('=', 2);
  if (name.trim().toLowerCase() !== 'charset') return true;
  return /^"?utf-?8"?$/i.test(value.trim());
}

/** RFC 9110, section 12.4.2. An invalid weight is ignored, so that the range has the weight 1. */
function weightOf(parameter: string): number | null {
  const value = /^q\s*=\s*"?([01](?:\.\d{0,3})?)"?$/i.exec(parameter)?.[1];
  return value === undefined ? null : Math.min(1, Number(value));
}

/** Splits at the separators outside of quoted strings (RFC 9110, section 5.6.4). */
function splitUnquoted(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (quoted && character === '\\') i += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
