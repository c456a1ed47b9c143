import { describe, expect, test } from 'vitest';

import { isAdministrator } from '../../src/identity/administrator.ts';
import { readSessionClaims } from '../../src/identity/session-claims.ts';

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
    const user = readSessionClaims({ sub: 'carol', ...(claims as object) });
    expect(isAdministrator(user, { permission, organization })).toBe(expected);
  });

  test('is nobody while no permission makes one', () => {
    const user = readSessionClaims({ sub: 'carol', organization_permissions: ['', 'null', null] });
    expect(isAdministrator(user, { permission: null, organization: null })).toBe(false);
  });
});
