/** Facts of HTTP that hold on both sides of the gateway. */

/** The port of an `http:` or `https:` URL: the one in it, else the scheme's default. */
export function portOf({ port, protocol }: Pick<URL, 'port' | 'protocol'>): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/**
 * Whether a body has a content coding (RFC 9110, section 8.4). The names of codings are case-insensitive
 * (section 8.4.1), and members of a list may be empty (section 5.6.1).
 *
 * @param contentEncoding - The header's value; `null` where there is none.
 */
export function isEncoded(contentEncoding: string | null): boolean {
  if (contentEncoding === null || contentEncoding === '' || contentEncoding === 'identity') {
    return false;
  }
  return !contentEncoding.split(',').every((coding) => /^\s*(?:identity)?\s*$/i.test(coding));
}
