import { request } from 'undici';
import type { Dispatcher } from 'undici';

export interface JwksEndpointOptions {
  /** Where the JSON Web Key Set is: `http:` or `https:`. */
  readonly url: string | URL;
  /**
   * Milliseconds from the connection to the last byte.
   *
   * @default 3000
   */
  readonly timeoutMs?: number | undefined;
  /** @default undici's global dispatcher */
  readonly dispatcher?: Dispatcher | undefined;
}

/** Fetches the JSON Web Key Set once, as parsed JSON. Rejects whenever that cannot be had. */
export type FetchJwks = () => Promise<unknown>;

// A published set is a few kilobytes, some tens with certificate chains.
const maxBodyBytes = 256 * 1024;

/**
 * Where an issuer publishes its keys unless told otherwise.
 *
 * @throws {TypeError} when the issuer is not a URL.
 */
export function defaultJwksUrl(issuer: string): URL {
  return new URL(`${issuer.replace(/\/+$/, '')}/.well-known/jwks.json`);
}

/**
 * A client of one JWKS URL. Redirects are refused: the keys come from the configured place or from
 * nowhere.
 *
 * @throws {TypeError} when `url` is neither `http:` nor `https:`.
 */
export function createJwksEndpoint(options: JwksEndpointOptions): FetchJwks {
  const { timeoutMs = 3000, dispatcher } = options;
  const url = new URL(options.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`The JWKS URL must be http: or https:, not ${url.protocol}`);
  }

  return async () => {
    const { statusCode, body } = await request(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      signal: AbortSignal.timeout(timeoutMs),
      ...(dispatcher && { dispatcher }),
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`The JWKS endpoint answered with status ${statusCode} instead of 200`);
    }
    return JSON.parse(await readText(body)) as unknown;
  };
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) {
      throw new Error(`The JWKS endpoint answered with more than ${maxBodyBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
