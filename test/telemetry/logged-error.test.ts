import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { GraphQLError, parse } from 'graphql';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';

import { loggedError } from '../../src/telemetry/logged-error.ts';

const secret = 'a-secret-value';

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('an error in the log', () => {
  it('is known by its type, message, code and where it was thrown', () => {
    const error = Object.assign(new TypeError('cannot do this'), { code: 'E_THIS' });
    const { stack, ...rest } = loggedError(error);
    expect(rest).toEqual({ type: 'TypeError', message: 'cannot do this', code: 'E_THIS' });
    expect(stack).toMatch(/^ +at .*logged-error\.test\.ts/);
  });

  it('tells its causes, but not without end', () => {
    const error = new Error('outer');
    error.cause = new Error('inner', { cause: error });
    const logged = JSON.stringify(loggedError(error));
    expect(logged.match(/"message":"(?:outer|inner)"/g)).toHaveLength(4);
  });

  it.each([
    ['what JSON.parse met', () => JSON.parse(`{"token": ${secret}}`) as unknown],
    ['what it was told in a property', () => Object.assign(new Error('x'), { args: [secret] })],
    ['the document of GraphQL', () => parse(`{ field(token: "${secret}" `)],
    [
      'what GraphQL quotes',
      () =>
        new GraphQLError(`Expected a string, not "${secret}"`, { originalError: new Error('x') }),
    ],
    ['what was thrown without being an error', () => secret],
  ])('never has %s', (_name, work) => {
    const error = thrownBy(work);
    expect(JSON.stringify(loggedError(error))).not.toContain(secret);
  });

  describe('of a connection', () => {
    /** Nobody listens there. */
    async function freePort(): Promise<number> {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      return port;
    }

    async function rejectionOf(work: Promise<unknown>): Promise<unknown> {
      return work.then(
        () => null,
        (error: unknown) => error,
      );
    }

    it('tells where nobody listened', async () => {
      const port = await freePort();
      const error = await rejectionOf(request(`http://user:${secret}@127.0.0.1:${port}/`));
      const logged = loggedError(new Error('The API was not reached', { cause: error }));
      expect(logged.cause).toMatchObject({
        code: 'ECONNREFUSED',
        syscall: 'connect',
        address: '127.0.0.1',
        port,
      });
      expect(JSON.stringify(logged)).not.toContain(secret);
    });

    it('tells which name was not found', async () => {
      const error = await rejectionOf(lookup('no-such-host.invalid'));
      expect(loggedError(error)).toMatchObject({
        syscall: 'getaddrinfo',
        hostname: 'no-such-host.invalid',
      });
    });

    it('tells which peer was lost', async () => {
      const server = createServer((message) => message.socket.destroy()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const error = await rejectionOf(
        request(`http://127.0.0.1:${port}/${secret}`, { headers: { authorization: secret } }),
      );
      server.close();
      const logged = loggedError(error);
      expect(logged).toMatchObject({ code: 'UND_ERR_SOCKET', address: '127.0.0.1', port });
      expect(JSON.stringify(logged)).not.toContain(secret);
    });

    it('tells of each address that was tried', async () => {
      const port = await freePort();
      const socket = connect({
        host: 'both.example',
        port,
        autoSelectFamily: true,
        lookup: (_host, _options, callback) => {
          callback(null, [
            { address: '127.0.0.1', family: 4 },
            { address: '127.0.0.2', family: 4 },
          ]);
        },
      });
      const [error] = (await once(socket, 'error').catch((reason: unknown) => [
        reason,
      ])) as unknown[];
      const logged = loggedError(error);
      expect(logged).toMatchObject({
        type: 'AggregateError',
        code: 'ECONNREFUSED',
        errors: [
          { code: 'ECONNREFUSED', address: '127.0.0.1', port },
          { code: 'ECONNREFUSED', address: '127.0.0.2', port },
        ],
      });
    });

    it('keeps no more than four of many attempts', () => {
      const attempts = Array.from({ length: 20 }, (_, i) => new Error(`attempt ${i}`));
      expect(loggedError(new AggregateError(attempts)).errors).toHaveLength(4);
    });

    it('passes over properties of another type than Node gives them', () => {
      const error = Object.assign(new Error('x'), {
        code: { secret },
        port: secret,
        address: [secret],
        hostname: { secret },
        socket: null,
      });
      expect(JSON.stringify(loggedError(error))).not.toContain(secret);
    });
  });
});
