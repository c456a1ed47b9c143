import { format, inspect } from 'node:util';

import { pino } from 'pino';
import { describe, expect, test } from 'vitest';

import { isAdministrator, readUser } from '../../src/identity/user.ts';
import type { User } from '../../src/identity/user.ts';

const user = readUser({ sub: 'alice', workspace_permissions: ['read'], token: 'hush' }, 0);

function logged(value: object): string {
  const lines: string[] = [];
  pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }).trace(value);
  return lines.join();
}

describe('the session token', () => {
  test.each<[string, (value: User) => string]>([
    ['JSON', (value) => JSON.stringify({ identity: { kind: 'user', user: value } })],
    ['an inspection', (value) => inspect({ value }, { depth: 9, showHidden: true, getters: true })],
    ['a template', (value) => format('%s %o %O %j', value, value, value, value)],
    ['a log line', (value) => logged({ identity: { kind: 'user', user: value } })],
    ['a copy', (value) => inspect(Object.assign({}, value), { getters: true })],
    ['a clone', (value) => inspect(structuredClone(value), { getters: true })],
  ])('is not in %s', (_, print) => {
    expect(print(user)).toContain('alice');
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

const permission = 'execution_contexts:manage';
const inOrganization = { organization_permissions: ['read', permission] };
const inWorkspace = { workspace_permissions: [permission] };
const acme = { organization: 'acme' };

describe('an administrator', () => {
  test.each([
    ['the permission in the organization', inOrganization, null, true],
    ['the permission in the workspace', inWorkspace, null, true],
    ['no permission', acme, null, false],
    ['part of the permission', { organization_permissions: ['execution_contexts'] }, null, false],
    ['the permission as a bare string', { organization_permissions: permission }, null, false],
    ['the organization asked for', { ...inOrganization, ...acme }, 'acme', true],
    ['it by workspace, the organization asked for', { ...inWorkspace, ...acme }, 'acme', true],
    ['another organization', { ...inOrganization, organization: 'umbrella' }, 'acme', false],
    ['no organization where one is asked for', inOrganization, 'acme', false],
    ['a list of organizations', { ...inOrganization, organization: ['acme'] }, 'acme', false],
    ['the organization but no permission', acme, 'acme', false],
  ])('or not, with %s', (_, claims, organization, expected) => {
    const user = readUser({ sub: 'carol', ...(claims as object) }, 0);
    expect(isAdministrator(user, { permission, organization })).toBe(expected);
  });

  test('is nobody while no permission makes one', () => {
    const user = readUser({ sub: 'carol', organization_permissions: ['', 'null', null] }, 0);
    expect(isAdministrator(user, { permission: null, organization: null })).toBe(false);
  });
});
