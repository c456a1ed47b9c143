import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createSigningKey, signToken } from './signing-key.ts';
import type { Claims, SigningKey } from './signing-key.ts';

export interface IssuerOptions {
  /** Milliseconds since the epoch, for `iat` and `exp`. @default Date.now */
  readonly now?: () => number;
}

/** A real HTTP server that publishes a JSON Web Key Set, with the keys to sign tokens. */
export interface Issuer {
  /** The `iss` of its tokens. */
  readonly url: string;
  readonly jwksUrl: string;
  /** The key it signs with now. */
  readonly key: SigningKey;
  /** Requests of the JSON Web Key Set since the start. */
  readonly fetches: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Signs a token with the present key: for `alice`, valid for ten minutes, unless `claims` say
   * otherwise. A claim or header parameter of `undefined` is left out.
   */
  token(claims?: Claims, header?: Claims): Promise<string>;
  /** Publishes another key and signs with it from now on; the older ones stay published. */
  rotate(algorithm?: string, kid?: string): Promise<SigningKey>;
  /** Publishes anything as a member of the set. */
  publish(member: unknown): void;
  /** Publishes no member with this `kid` any more. */
  withdraw(kid: string): void;
  /** Answers requests of the set in this way instead, until `undefined` is given. */
  answer(answer: Answer | undefined): void;
  /** Keeps answers back, as they are now, until the function it returns is called. */
  hold(): () => void;
  /** Resolves once `count` requests of the set came in since the start. */
  fetched(count: number): Promise<void>;
  close(): Promise<void>;
}

export type Answer = (response: ServerResponse) => void;

/** Answers with a status, a body and headers. */
export function answerWith(status: number, body: string | Uint8Array = '', headers = {}): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Ends the connection without an answer. */
export const reset: Answer = (response) => {
  response.destroy();
};

/** Lets the client wait for ever. */
export const hang: Answer = () => undefined;

export async function startIssuer({ now = Date.now }: IssuerOptions = {}): Promise<Issuer> {
  let key = await createSigningKey();
  let members: unknown[] = [key.jwk];
  let answer: Answer | undefined;
  let gate = Promise.resolve();
  let fetches = 0;

  const server = createServer((request, response) => {
    if (request.url !== '/.well-known/jwks.json') {
      response.writeHead(404).end();
      return;
    }
    fetches += 1;
    server.emit('fetch');
    const body = JSON.stringify({ keys: members });
    const respond = answer ?? answerWith(200, body, { 'content-type': 'application/jwk-set+json' });
    void gate.then(() => {
      respond(response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    jwksUrl: `${url}/.well-known/jwks.json`,
    get key() {
      return key;
    },
    get fetches() {
      return fetches;
    },
    now,
    token(claims, header) {
      const iat = Math.floor(now() / 1000);
      const usual = { iss: url, sub: 'alice', sid: 'session-of-alice', iat, exp: iat + 600 };
      return signToken(key, { ...usual, ...claims }, header);
    },
    async rotate(algorithm, kid) {
      key = await createSigningKey(algorithm, kid);
      members.push(key.jwk);
      return key;
    },
    publish(member) {
      members.push(member);
    },
    withdraw(kid) {
      members = members.filter((member) => (member as { kid?: unknown } | null)?.kid !== kid);
    },
    answer(next) {
      answer = next;
    },
    hold() {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    async fetched(count) {
      while (fetches < count) await once(server, 'fetch');
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
