import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
  gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
});
afterEach(() => gateway.close());

async function codeOf(name: string, operation: 'fetch' | 'update' | 'delete'): Promise<string> {
  const token = await gateway.tokenOf(name);
  const { code = 'ok' } = await runOne(gateway, operation, 'ctx_1', { token });
  return code;
}

describe('a context that changes hands past the gateway', () => {
  it('is the new owner’s at once, though it was refused before', async () => {
    expect(await codeOf('bob', 'update')).toBe('FORBIDDEN');
    expect(await codeOf('bob', 'fetch')).toBe('FORBIDDEN');
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'bob' });
    expect(await codeOf('bob', 'update')).toBe('ok');
    expect(await codeOf('bob', 'fetch')).toBe('ok');
  });

  it('is not the former owner’s any more, once any answer said so', async () => {
    expect(await codeOf('alice', 'update')).toBe('ok');
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'bob' });
    expect(await codeOf('alice', 'fetch')).toBe('FORBIDDEN');
    expect(await codeOf('alice', 'update')).toBe('FORBIDDEN');
  });

  it('is deleted by nobody but its owner of now', async () => {
    expect(await codeOf('alice', 'update')).toBe('ok');
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'bob' });
    expect(await codeOf('alice', 'delete')).toBe('FORBIDDEN');
    expect(gateway.upstream.stored('ctx_1')).toMatchObject({ user_id: 'bob' });
    expect(await codeOf('bob', 'delete')).toBe('ok');
  });

  it('is told of where a write was applied on a permission that was remembered', async () => {
    expect(await codeOf('alice', 'update')).toBe('ok');
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'bob' });
    const token = await gateway.tokenOf('alice');
    const first = await runOne(gateway, 'update', 'ctx_1', { token });
    expect(first).toMatchObject({ code: 'FORBIDDEN' });
    expect(first.message).toMatch(/applied/);
    const { requests } = gateway.upstream;
    const before = requests.length;
    expect(await codeOf('alice', 'update')).toBe('FORBIDDEN');
    expect(requests.slice(before).map(({ method }) => method)).toEqual(['GET']);
  });
});
