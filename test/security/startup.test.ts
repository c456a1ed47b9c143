import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

import { readConfig } from '../../src/config.ts';
import { ConfigurationError, type Environment } from '../../src/environment.ts';

/** A real upstream, as it should be. */
const real = {
  UPSTREAM_URL: 'https://api.example.com',
  UPSTREAM_API_KEY: 'the-secret-key',
  JWT_ISSUER: 'https://login.example.com',
};

function problemsOf(environment: Environment): Record<string, string> {
  try {
    readConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return Object.fromEntries(error.problems.map(({ variable, message }) => [variable, message]));
  }
  return {};
}

describe('the start', () => {
  it.each<[string, Environment]>([
    ['a real upstream with its key and issuer', real],
    ['no upstream: the sandbox', {}],
    ['the sandbox in production on purpose', { NODE_ENV: 'production', SANDBOX: 'true' }],
    [
      'no key, where it would not be sent',
      { ...real, UPSTREAM_AUTH: 'forward', UPSTREAM_API_KEY: '' },
    ],
    ['a plain-http issuer on loopback', { ...real, JWT_ISSUER: 'http://127.0.0.1:8080' }],
    ['a plain-http issuer on localhost', { ...real, JWT_ISSUER: 'http://localhost:8080' }],
    ['a plain-http issuer on IPv6 loopback', { ...real, JWT_ISSUER: 'http://[::1]:8080' }],
    ['plain-http keys on loopback', { ...real, JWKS_URL: 'http://127.0.0.1/jwks.json' }],
  ])('takes %s', (_, environment) => {
    expect(problemsOf(environment)).toEqual({});
  });

  it.each<[string, Environment, string, RegExp]>([
    ['a real upstream without issuer', { ...real, JWT_ISSUER: '' }, 'JWT_ISSUER', /must be set/],
    [
      'a forwarded token without issuer',
      { ...real, UPSTREAM_AUTH: 'forward', JWT_ISSUER: undefined },
      'JWT_ISSUER',
      /must be set/,
    ],
    [
      'a real upstream without key',
      { ...real, UPSTREAM_API_KEY: undefined },
      'UPSTREAM_API_KEY',
      /must be set/,
    ],
    ['a blank key', { ...real, UPSTREAM_API_KEY: '  ' }, 'UPSTREAM_API_KEY', /must be set/],
    [
      'a key that would break its header',
      { ...real, UPSTREAM_API_KEY: 'the-secret\nkey' },
      'UPSTREAM_API_KEY',
      /visible ASCII/,
    ],
    [
      'a plain-http issuer',
      { ...real, JWT_ISSUER: 'http://login.example.com' },
      'JWT_ISSUER',
      /https:/,
    ],
    [
      'a plain-http issuer that looks like loopback',
      { ...real, JWT_ISSUER: 'http://127.0.0.1.example.com' },
      'JWT_ISSUER',
      /https:/,
    ],
    [
      'a plain-http issuer below localhost',
      { ...real, JWT_ISSUER: 'http://localhost.example.com' },
      'JWT_ISSUER',
      /https:/,
    ],
    [
      'plain-http keys, though the issuer is well',
      { ...real, JWKS_URL: 'http://login.example.com/jwks.json' },
      'JWKS_URL',
      /https:/,
    ],
    ['keys from a file', { ...real, JWKS_URL: 'file:///etc/jwks.json' }, 'JWKS_URL', /https:/],
    ['the sandbox in production', { NODE_ENV: 'production' }, 'UPSTREAM_URL', /SANDBOX=true/],
    ['the sandbox and an upstream', { ...real, SANDBOX: 'true' }, 'SANDBOX', /unset one/],
  ])('refuses %s, naming the variable', (_, environment, variable, message) => {
    const problems = problemsOf(environment);
    expect(problems).toEqual({ [variable]: expect.stringMatching(message) as string });
    expect(JSON.stringify(problems)).not.toContain('the-secret');
  });

  it('lists everything that is wrong at once, on standard error, and ends with status 1', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
      env: { PATH: process.env['PATH'], UPSTREAM_URL: 'https://api.example.com', PORT: 'http' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [message] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(child.exitCode).toBe(1);
    for (const variable of ['JWT_ISSUER', 'UPSTREAM_API_KEY', 'PORT']) {
      expect(message).toContain(`  ${variable}: `);
    }
    expect(message).not.toMatch(/^\s+at /m);
  });
});
