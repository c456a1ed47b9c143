import { parseAccept } from 'hono/utils/accept';

/**
 * The offer that an `Accept` or `Accept-Encoding` header ranks highest (RFC 9110, section 12.5),
 * the earlier of two ranked alike. An offer must be named: a wildcard asks for nothing special.
 */
export function preferred<Offer extends string>(
  header: string | null,
  offers: readonly Offer[],
): Offer | undefined {
  const ranks = new Map(parseAccept(header ?? '').map(({ type, q }) => [type.toLowerCase(), q]));
  const rank = (offer: Offer): number => ranks.get(offer) ?? 0;
  return offers.filter((offer) => rank(offer) > 0).sort((a, b) => rank(b) - rank(a))[0];
}
