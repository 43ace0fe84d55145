import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPolicy, type PolicyCredentials } from './policy.ts'

const member: PolicyCredentials = {
  user_id: 'u1',
  user_domain_id: 'd1',
  project_id: 'p1',
  project_domain_id: 'd1',
  domain_id: null,
  system_scope: null,
  roles: ['member', 'reader'],
  is_admin: false,
}
const admin = { ...member, roles: ['admin'], is_admin: true }

const table: [check: string, who: PolicyCredentials, target: Record<string, unknown>, allowed: boolean][] = [
  ['', member, {}, true],
  ['@', member, {}, true],
  ['!', admin, {}, false],
  ['role:member', member, {}, true],
  ['role:admin', member, {}, false],
  ['is_admin:True', admin, {}, true],
  ['is_admin:True', member, {}, false],
  ['project_id:%(project_id)s', member, { project_id: 'p1' }, true],
  ['project_id:%(project_id)s', member, { project_id: 'p2' }, false],
  ['project_id:%(project_id)s', member, {}, false],
  ['project_id:%(project_id)s', { ...member, project_id: null }, {}, false],
  ['user_id:%(target.user.id)s', member, { target: { user: { id: 'u1' } } }, true],
  ['user_id:%(target.user.id)s', member, { 'target.user.id': 'u2' }, false],
  ['role:member and project_id:%(project_id)s', member, { project_id: 'p1' }, true],
  ['role:admin or (role:member and not project_id:%(project_id)s)', member, { project_id: 'p2' }, true],
  ['not role:admin and role:reader', member, {}, true],
  ['rule:owner', member, { project_id: 'p1' }, true],
  ['rule:nowhere', admin, {}, false],
  ['rule:loop', admin, {}, false],
  ["'public':%(visibility)s", member, { visibility: 'public' }, true],
  ['"public":%(visibility)s', { ...member }, { visibility: 'private' }, false],
  ['system_scope:all', { ...member, system_scope: 'all' }, {}, true],
  ['system_scope:all', member, {}, false],
  [
    "role:reader and (project_id:%(project_id)s or ('shared':%(visibility)s or 'public':%(visibility)s))",
    member,
    { visibility: 'public' },
    true,
  ],
  ['tenant_id:%(tenant_id)s', member, { tenant_id: 'p1' }, true],
  ['tenant_id:%(network:tenant_id)s', member, { 'network:tenant_id': 'p2' }, false],
  ['None:%(target.role.domain_id)s', member, { target: { role: { domain_id: null } } }, true],
  ['None:%(target.role.domain_id)s', member, { target: { role: { domain_id: 'd1' } } }, false],
  ['None:%(target.role.domain_id)s', member, {}, false],
  ['not None:%(target.project.domain_id)s', member, { target: { project: { domain_id: null } } }, false],
  ['True:%(target.enabled)s', member, { target: { enabled: true } }, true],
  ['True:%(target.enabled)s', member, { target: { enabled: false } }, false],
  ['field:networks:shared=True', member, { shared: true }, true],
  ['field:networks:shared=True', member, { shared: false }, false],
  ['field:networks:shared=True', member, {}, false],
  ['field:networks:router:external=True', member, { 'router:external': true }, true],
  ['field:port:device_owner=~^network:', member, { device_owner: 'network:dhcp' }, true],
  ['field:port:device_owner=~^network:', member, { device_owner: 'compute:nova' }, false],
]

for (const [check, who, target, allowed] of table) {
  test(`'${check}' ${allowed ? 'allows' : 'refuses'} ${who.roles} on ${JSON.stringify(target)}`, () => {
    const policy = createPolicy({ it: check, owner: 'project_id:%(project_id)s', loop: 'rule:loop' })
    assert.equal(policy.allows('it', who, target), allowed)
  })
}

test('who is an administrator to a service is what its rule says, in check strings as well', () => {
  const rules = { context_is_admin: 'role:admin', it: 'is_admin:True', other: 'is_admin:False' }
  assert.equal(createPolicy(rules).holds('context_is_admin', admin), true)
  const changed = createPolicy(rules, { context_is_admin: 'role:member and project_id:%(project_id)s' })
  assert.deepEqual(
    [admin, member].map((who) => [changed.holds('context_is_admin', who), changed.allows('it', who, {}), changed.allows('other', who, {})]),
    [
      [false, false, true],
      [true, true, false],
    ],
  )
  // A rule that asks what it says itself says no.
  assert.equal(createPolicy(rules, { context_is_admin: 'is_admin:True' }).holds('context_is_admin', admin), false)
})

test('a rule that nobody wrote refuses, an override replaces, and an unreadable one stops the start', () => {
  assert.equal(createPolicy({}).allows('it', admin, {}), false)
  assert.equal(createPolicy({ it: 'role:admin' }, { it: 'role:member' }).allows('it', member, {}), true)
  assert.throws(() => createPolicy({ it: 'role:admin or' }), /policy rule it/)
  assert.throws(() => createPolicy({ it: '(role:admin' }), /policy rule it/)
  assert.throws(() => createPolicy({ it: 'role:admin role:member' }), /policy rule it/)
})
