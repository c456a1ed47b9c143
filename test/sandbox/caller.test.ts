import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sandboxIssuer, sandboxKeyId, mintSandboxToken } from '../../src/sandbox/identity.ts';
import { startSandboxClient } from './client.ts';
import type { SandboxClient } from './client.ts';

const issuedAt = Date.UTC(2026, 2, 3);
let instant = issuedAt;
const clock = () => instant;
let sandbox: SandboxClient;
let alice: string;
let admin: string;

beforeAll(async () => {
  sandbox = await startSandboxClient({ clock });
  alice = await mintSandboxToken('alice', { clock });
  admin = await mintSandboxToken('admin', { clock });
});

afterAll(() => sandbox.close());

describe('a user', () => {
  it.each([
    ['their own', 'ctx_123', 200],
    ["another's", 'ctx_bob_review', 403],
    ["nobody's", 'ctx_nightly', 403],
    ['a missing', 'ctx_missing', 404],
  ])('asking for %s context is answered %s: %i', async (_, id, status) => {
    expect((await sandbox.call(alice, 'GET', `/${id}`)).status).toBe(status);
    expect((await sandbox.call(alice, 'PUT', `/${id}`, '{}')).status).toBe(status);
    if (status !== 200) expect((await sandbox.call(alice, 'DELETE', `/${id}`)).status).toBe(status);
  });

  it('sees a list of their own, on more than one page', async () => {
    const { text } = await sandbox.call(alice, 'GET');
    const { data, has_more } = JSON.parse(text) as { data: object[]; has_more: boolean };
    expect(data).toHaveLength(20);
    expect(data.every((context) => 'user_id' in context && context.user_id === 'alice')).toBe(true);
    expect(has_more).toBe(true);
  });

  it('owns what they create, and creates for nobody else', async () => {
    const own = await sandbox.call(alice, 'POST', '', '{"agent_id":"a"}');
    expect(JSON.parse(own.text)).toMatchObject({ user_id: 'alice' });
    const foreign = await sandbox.call(alice, 'POST', '', '{"agent_id":"a","user_id":"bob"}');
    expect(foreign.status).toBe(403);
  });
});

describe('an administrator', () => {
  it.each(['ctx_123', 'ctx_bob_review', 'ctx_nightly'])('may touch %s', async (id) => {
    expect((await sandbox.call(admin, 'GET', `/${id}`)).status).toBe(200);
  });

  it('creates for others, and else for themselves', async () => {
    const bobs = await sandbox.call(admin, 'POST', '', '{"agent_id":"a","user_id":"bob"}');
    expect(JSON.parse(bobs.text)).toMatchObject({ user_id: 'bob' });
    const own = await sandbox.call(admin, 'POST', '', '{"agent_id":"a"}');
    expect(JSON.parse(own.text)).toMatchObject({ user_id: 'admin' });
  });
});

describe('a credential', () => {
  async function statusFor(credential: string | null) {
    return (await sandbox.call(credential, 'GET', '/ctx_123')).status;
  }

  it.each([[null], ['unknown-key'], ['a b'], ['a.b.c']])('of %s is refused', async (credential) => {
    expect(await statusFor(credential)).toBe(401);
  });

  it('holds for thirty days', async () => {
    const lifetimeMs = 30 * 24 * 60 * 60 * 1000;
    instant = issuedAt + lifetimeMs - 1000;
    expect(await statusFor(alice)).toBe(200);
    instant = issuedAt + lifetimeMs;
    expect(await sandbox.call(alice, 'GET', '/ctx_123')).toEqual({
      status: 401,
      text: '{"errors":[{"message":"credentials expired","code":401}]}',
    });
    instant = issuedAt;
  });

  it('signed by another key is refused, whatever key it names', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const forged = await new SignJWT({ sub: 'alice' })
      .setProtectedHeader({ alg: 'ES256', kid: sandboxKeyId })
      .setIssuer(sandboxIssuer)
      .setExpirationTime(issuedAt / 1000 + 60)
      .sign(await exportJWK(privateKey));
    expect(await statusFor(forged)).toBe(401);
  });
});
