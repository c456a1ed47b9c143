import { domainToASCII } from 'node:url';

/** The contents of a `REDIS_URL`: where Redis is, and the credentials. */
export interface RedisTarget {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `rediss://`: TLS, with the certificate checked against `host`. */
  readonly tls: boolean;
  /** `null`: the default user of Redis. */
  readonly username: string | null;
  readonly password: string | null;
  /** The number of the database. Whether Redis has it is found when it is selected. */
  readonly database: number;
}

/** The prefix of every key and channel, unless the configuration sets another one. */
export const defaultKeyPrefix = 'execution-context-gateway:';

const defaultPort = 6379;
const maxDatabase = 2_147_483_647;

/**
 * Reads `redis://` or `rediss://`, with a host, and where they are needed `user:password@`, a port
 * and a database number (https://www.iana.org/assignments/uri-schemes/prov/redis). Nothing else is
 * accepted: a client that ignores parts of a URL may count in another database.
 *
 * @throws {RangeError} Its message begins with "must" and contains nothing of the URL, which may hold a
 *   password.
 */
export function parseRedisUrl(text: string): RedisTarget {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:')) {
    throw new RangeError(
      'must be a URL such as redis://user:password@host:6379/0, or rediss:// for TLS ' +
        '(characters like @ : / ? # % in a user name or password are percent-encoded)',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new RangeError(
      'must have nothing after the database number (a ? or # in a password is written %3F or %23)',
    );
  }
  return Object.freeze({
    host: readHost(url.hostname),
    port: readPort(url.port),
    tls: url.protocol === 'rediss:',
    username: decode(url.username, 'user name') || null,
    password: decode(url.password, 'password') || null,
    database: readDatabase(url.pathname),
  });
}

function readHost(hostname: string): string {
  const host = hostname.startsWith('[')
    ? hostname.slice(1, -1)
    : domainToASCII(decode(hostname, 'host'));
  if (host === '') throw new RangeError('must name a host, as in redis://host:6379/0');
  return host;
}

function readPort(port: string): number {
  if (port === '0') throw new RangeError('must have a port from 1 to 65535, or none');
  return port === '' ? defaultPort : Number(port);
}

function readDatabase(path: string): number {
  if (path === '' || path === '/') return 0;
  const database = /^\/\d{1,10}$/.test(path) ? Number(path.slice(1)) : Infinity;
  if (database <= maxDatabase) return database;
  throw new RangeError(
    'must end in the number of a database, such as /0, or in the host and port alone',
  );
}

function decode(encoded: string, part: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new RangeError(
      `must have a ${part} that decodes as percent-encoded UTF-8 (a % itself is written %25)`,
    );
  }
}
