import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

import { Pool, request } from '../http-client.ts';
import { portOf } from '../http.ts';
import { errorCode } from '../telemetry/logged-error.ts';

export interface JwksEndpointOptions {
  /** Where the JSON Web Key Set is: `http:` or `https:`. */
  readonly url: string | URL;
  /**
   * Milliseconds from the connection to the last byte.
   *
   * @default 3000
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * Fetches the JSON Web Key Set once, and resolves with what `read` returns for the parsed JSON.
 *
 * @throws {KeyFetchError} (rejecting) Whatever fails, `read` included.
 */
export type FetchJwks = <T>(read: (jwks: unknown) => Promise<T>) => Promise<T>;

/**
 * Why the signing keys could not be fetched, in a form that is safe to log: no path, query or
 * credentials of the URL, nothing of the response's body, and no underlying error, which may contain
 * them. The same cause has the same message, so that a change of the cause is visible.
 */
export class KeyFetchError extends Error {
  override readonly name = 'KeyFetchError';
  /** A code of the system, OpenSSL, undici or zlib, such as `ECONNREFUSED`, or a `JWKS_…` of `reasons`. */
  readonly code: string;
  readonly host: string;
  readonly port: number;
  /** The HTTP status; `null` where there was no response. */
  readonly status: number | null;

  constructor(code: string, url: URL, status: number | null) {
    const { hostname } = url;
    const port = portOf(url);
    const reason = code === 'JWKS_STATUS' ? `status ${String(status)}` : reasons[code];
    const known = reason === undefined ? code : `${reason} (${code})`;
    super(`The signing keys could not be fetched from ${hostname}:${port}: ${known}.`);
    this.code = code;
    this.host = hostname;
    this.port = port;
    this.status = status;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before the answer was complete',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the name server does not answer',
  EPROTO: 'the TLS handshake failed',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS',
  HTTPParserError: 'the server does not speak HTTP',
  HPE_INVALID_CONSTANT: 'the server does not speak HTTP',
  JWKS_CONTENT_ENCODING: 'the content coding of the answer is not supported',
  JWKS_INVALID: 'the answer is not a JSON Web Key Set',
  JWKS_NOT_JSON: 'the answer is not JSON',
  JWKS_TIMEOUT: 'the answer was not complete within the time limit',
  JWKS_TOO_LARGE: 'the answer is too large',
};

/** A failure that this file, or the reader of the set, has found. */
export class JwksFailure extends Error {
  readonly code: string;

  constructor(code: `JWKS_${string}`) {
    super(code);
    this.code = code;
  }
}

/** The limit of the decoded body: a published set has a few kilobytes, some tens with certificates. */
const maxBodyBytes = 256 * 1024;

/**
 * Where an issuer publishes its keys unless another URL is configured.
 *
 * @throws {TypeError} When the issuer is not a URL.
 */
export function defaultJwksUrl(issuer: string): URL {
  return new URL(`${issuer.replace(/\/+$/, '')}/.well-known/jwks.json`);
}

/**
 * Creates a client of one JWKS URL. Redirects are not followed: keys are only accepted from the
 * configured URL. No content coding is requested, but gzip, deflate and br are decoded (RFC 9110
 * section 8.4), because some servers and caches always compress.
 *
 * @throws {TypeError} When `url` is neither `http:` nor `https:`.
 */
export function createJwksEndpoint(options: JwksEndpointOptions): FetchJwks {
  const { timeoutMs = 3000 } = options;
  const url = new URL(options.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`The JWKS URL must be http: or https:, not ${url.protocol}`);
  }

  // A dispatcher of its own, as for the API: NODE_USE_ENV_PROXY and embedders may set a proxy as undici's
  // global dispatcher, and keys would then take another route than the API's responses.
  const pool = new Pool(url.origin);

  return async (read) => {
    let status: number | null = null;
    try {
      const { statusCode, headers, body } = await request(pool, {
        method: 'GET',
        path: url.pathname + url.search,
        headers: {
          accept: 'application/jwk-set+json, application/json',
          'accept-encoding': 'identity',
        },
        signal: AbortSignal.timeout(timeoutMs),
      });
      status = statusCode;
      if (statusCode !== 200) {
        // The status is the cause, even where the body cannot be read.
        await body.dump().catch(() => undefined);
        throw new JwksFailure('JWKS_STATUS');
      }
      const bytes = await decode(await readBytes(body), headers['content-encoding']);
      return await read(parse(bytes));
    } catch (error) {
      throw new KeyFetchError(codeOf(error), url, status);
    }
  };
}

async function readBytes(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new JwksFailure('JWKS_TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflateZlib: Decoder = promisify(inflate);
const inflateBare: Decoder = promisify(inflateRaw);

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  // `deflate` means the zlib format, but some servers send bare deflate data (RFC 9110 section 8.4.1.2).
  deflate: (bytes, options) =>
    hasZlibHeader(bytes) ? inflateZlib(bytes, options) : inflateBare(bytes, options),
  br: promisify(brotliDecompress),
};

async function decode(encoded: Buffer, header: string | string[] | undefined): Promise<Buffer> {
  const codings = String(header ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  let bytes = encoded;
  // Codings are listed in the order in which they were applied.
  for (const coding of codings.toReversed()) {
    const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
    if (decoder === undefined) throw new JwksFailure('JWKS_CONTENT_ENCODING');
    bytes = await decoder(bytes, { maxOutputLength: maxBodyBytes });
  }
  return bytes;
}

/** RFC 1950 section 2.2: method 8, and a checksum over the first two bytes. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes.readUInt8(0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

function parse(bytes: Buffer): unknown {
  try {
    // The decoder removes a byte order mark, which may be ignored (RFC 8259 section 8.1).
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    throw new JwksFailure('JWKS_NOT_JSON');
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  if (error.name === 'TimeoutError') return 'JWKS_TIMEOUT';
  const code = errorCode(error) ?? error.name;
  return code === 'ERR_BUFFER_TOO_LARGE' ? 'JWKS_TOO_LARGE' : code;
}
