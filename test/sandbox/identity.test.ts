import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { calculateJwkThumbprint, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';

import {
  sandboxAdminPermission,
  sandboxIssuer,
  sandboxKeyId,
  mintSandboxToken,
  sandboxKeySet,
} from '../../src/sandbox/identity.ts';
import { startSandbox } from '../../src/sandbox/server.ts';

const clock = () => Date.UTC(2026, 2, 3);

describe('the sandbox key', () => {
  it('goes by its thumbprint, and its private part stays out of the key set', async () => {
    const [key] = sandboxKeySet.keys;
    expect(await calculateJwkThumbprint(key)).toBe(sandboxKeyId);
    expect(key).not.toHaveProperty('d');
  });
});

describe('a sandbox token', () => {
  it('verifies against the key set that is served', async () => {
    const sandbox = await startSandbox();
    const answer = await fetch(`${sandbox.url}/.well-known/jwks.json`);
    const keySet = createLocalJWKSet((await answer.json()) as JSONWebKeySet);
    await sandbox.close();
    const { payload } = await jwtVerify(await mintSandboxToken('zoë', { clock }), keySet, {
      issuer: sandboxIssuer,
      currentDate: new Date(clock()),
    });
    expect(payload).toMatchObject({ sub: 'zoë', exp: clock() / 1000 + 2_592_000 });
  });

  it('grants the administration to admin alone', async () => {
    const permissions = async (name: string) =>
      decodeJwt(await mintSandboxToken(name, { clock }))['organization_permissions'];
    expect(await permissions('admin')).toEqual([sandboxAdminPermission]);
    expect(await permissions('alice')).toEqual([]);
  });

  it('needs a name', async () => {
    await expect(mintSandboxToken('')).rejects.toThrow('needs the name of a user');
  });
});

describe('the token command', () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/sandbox/token-cli.ts', ...args]);

  it('prints a token and nothing else', async () => {
    const { stdout, stderr } = await run('alice');
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(decodeJwt(stdout.trim())).toMatchObject({ sub: 'alice', iss: sandboxIssuer });
    expect(stderr).toBe('');
  });

  it.each([[], ['alice', 'bob']])('explains itself for %j %j', async (...args) => {
    await expect(run(...args)).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Usage: npm run -s token NAME') as string,
    });
  });
});
