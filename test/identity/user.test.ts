import { format, inspect } from 'node:util';

import { pino } from 'pino';
import { describe, expect, test } from 'vitest';

import { readSessionClaims } from '../../src/identity/session-claims.ts';
import { User } from '../../src/identity/user.ts';

const user = new User(readSessionClaims({ sub: 'alice', workspace_permissions: ['read'] }), 'hush');

function logged(value: object): string {
  const lines: string[] = [];
  pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }).trace(value);
  return lines.join();
}

describe('the token of a user', () => {
  test('can be read by whoever means to', () => {
    expect(user.revealToken()).toBe('hush');
  });

  test.each<[string, (value: User) => string]>([
    ['JSON', (value) => JSON.stringify({ identity: { kind: 'user', user: value } })],
    ['an inspection', (value) => inspect({ value }, { depth: 9, showHidden: true, getters: true })],
    ['a template', (value) => format('%s %o %O %j', value, value, value, value)],
    ['a log line', (value) => logged({ identity: { kind: 'user', user: value } })],
    ['a copy', (value) => inspect(Object.assign({}, value), { getters: true })],
    ['a clone', (value) => inspect(structuredClone(value), { getters: true })],
  ])('is not in %s', (_, print) => {
    expect(print(user)).not.toContain('hush');
  });
});

describe('a user', () => {
  test('cannot be changed', () => {
    expect(() => Object.assign(user, { id: 'bob' })).toThrow(TypeError);
    expect(() => (user.workspacePermissions as string[]).push('manage')).toThrow(TypeError);
    expect(() => (user.organizationPermissions as string[]).push('manage')).toThrow(TypeError);
  });
});
