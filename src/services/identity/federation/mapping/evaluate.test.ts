import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimValues } from './claims.ts'
import { evaluate } from './evaluate.ts'
import { ensureRules, type Rule } from './schema.ts'

const claims = {
  iss: 'https://idp.example.com',
  sub: 'u-1',
  name: 'Ann Example',
  preferred_username: 'ann',
  email: 'ann@example.com',
  groups: ['dev', 'ops', 'admins-of-elsewhere'],
  level: 3,
  empty: '',
  'tricky;name': 'x',
}
const user = { user: { name: '{0}' } }
const run = (remote: Rule['remote'], local: Rule['local'] = [user], said: Record<string, unknown> = claims) =>
  evaluate([{ local, remote }], said)

test('claims are found by the names that a web server in front would give them', () => {
  for (const name of ['email', 'OIDC-email', 'OIDC_email', 'OIDC_CLAIM_email', 'HTTP_OIDC_EMAIL', 'HTTP_OIDC_CLAIM_EMAIL'])
    assert.deepEqual(claimValues(claims, name), ['ann@example.com'], name)
  assert.deepEqual(claimValues(claims, 'HTTP_OIDC_ISS'), [claims.iss])
  assert.deepEqual(claimValues(claims, 'OIDC-groups'), claims.groups)
  assert.deepEqual(claimValues(claims, 'level'), ['3'])
  assert.deepEqual(claimValues(claims, 'REMOTE_USER'), ['u-1@idp.example.com'])
  for (const name of ['empty', 'nothing', 'EMAIL', 'toString', '__proto__', 'constructor'])
    assert.equal(claimValues(claims, name), undefined, name)
})

test('a provider cannot pass a claim off as another one by its spelling', () => {
  assert.deepEqual(claimValues({ iss: 'right', ISS: 'wrong' }, 'OIDC-iss'), ['right'])
  assert.equal(claimValues({ Iss: 'a', ISS: 'b' }, 'HTTP_OIDC_iss'), undefined)
  assert.equal(claimValues({ HTTP_OIDC_ISS: 'wrong' }, 'HTTP_OIDC_ISS'), undefined)
  assert.deepEqual(claimValues({ iss: 'right', HTTP_OIDC_ISS: 'wrong' }, 'HTTP_OIDC_ISS'), ['right'])
  assert.deepEqual(claimValues({ REMOTE_USER: 'admin', sub: 'x', iss: 'https://i' }, 'REMOTE_USER'), ['x@i'])
})

test('a text is one value, whatever is in it', () => {
  const said = { sub: 'eve;admins', groups: 'a,b;c' }
  assert.deepEqual(run([{ type: 'sub' }], [user], said)?.user.name, 'eve;admins')
  assert.equal(run([{ type: 'sub', any_one_of: ['admins'] }], [user], said), null)
  assert.deepEqual(run([{ type: 'groups' }], [{ groups: '{0}', domain: { id: 'd' } }], said)?.groupNames, [
    { name: 'a,b;c', domain: { id: 'd' } },
  ])
  assert.equal(run([{ type: 'sub' }], [{ user: { name: '{0}' } }], { sub: '{0}{1}' })?.user.name, '{0}{1}')
})

test('conditions: any_one_of, not_any_of, patterns, and values that are not there', () => {
  const holds = (...remote: Rule['remote']) => run([{ type: 'sub' }, ...remote]) !== null
  assert.ok(holds({ type: 'groups', any_one_of: ['ops', 'other'] }))
  assert.ok(!holds({ type: 'groups', any_one_of: ['other'] }))
  assert.ok(holds({ type: 'groups', not_any_of: ['other'] }))
  assert.ok(!holds({ type: 'groups', not_any_of: ['other', 'dev'] }))
  assert.ok(!holds({ type: 'groups', any_one_of: [] }))
  assert.ok(holds({ type: 'email', any_one_of: ['@example\\.com$'], regex: true }))
  assert.ok(!holds({ type: 'email', any_one_of: ['@example.com$'] }))
  assert.ok(holds({ type: 'email', any_one_of: ['(?i)@EXAMPLE'], regex: true }))
  assert.ok(!holds({ type: 'email', not_any_of: ['example'], regex: true }))
  assert.ok(!holds({ type: 'nothing' }))
  assert.ok(!holds({ type: 'nothing', not_any_of: ['x'] }), 'what was not said meets no condition')
  assert.ok(!holds({ type: 'empty' }))
})

test('places are filled by the values that no list decided, in their order', () => {
  const local: Rule['local'] = [{ user: { id: '{0}', name: '{1}', email: '{2}' } }]
  const remote: Rule['remote'] = [
    { type: 'sub' },
    { type: 'groups', any_one_of: ['dev'] },
    { type: 'preferred_username' },
    { type: 'iss', not_any_of: ['x'] },
    { type: 'email' },
  ]
  assert.deepEqual(run(remote, local)?.user, { id: 'u-1', name: 'ann', email: 'ann@example.com', domain: undefined, type: 'ephemeral' })
  assert.equal(run([{ type: 'sub' }], [{ user: { name: 'x-{0}-y' } }])?.user.name, 'x-u-1-y')
})

test('whitelist and blacklist choose among values for the place', () => {
  const names = (entry: object) =>
    run([{ type: 'sub' }, { type: 'groups', ...entry }], [user, { groups: '{1}', domain: { name: 'Default' } }])?.groupNames.map(
      ({ name }) => name,
    )
  assert.deepEqual(names({ whitelist: ['dev', 'else'] }), ['dev'])
  assert.deepEqual(names({ whitelist: [] }), [])
  assert.deepEqual(names({ blacklist: ['dev'] }), ['ops', 'admins-of-elsewhere'])
  assert.deepEqual(names({ whitelist: ['^(dev|ops)$'], regex: true }), ['dev', 'ops'])
  assert.deepEqual(names({ blacklist: ['^admins'], regex: true }), ['dev', 'ops'])
  assert.deepEqual(names({}), claims.groups)
})

test('all rules that hold count: the first user, and the groups and projects of all', () => {
  const rules: Rule[] = [
    { remote: [{ type: 'nothing' }], local: [{ user: { name: 'nobody' } }, { group: { id: 'g0' } }] },
    { remote: [{ type: 'sub' }], local: [{ user: { name: '{0}' } }, { group: { id: 'g1' } }] },
    {
      remote: [{ type: 'preferred_username' }],
      local: [
        { user: { name: 'second' } },
        { group: { name: 'g2', domain: { id: 'd' } } },
        { group_ids: '{0}' },
        { projects: [{ name: 'home of {0}', roles: [{ name: 'member' }] }] },
      ],
    },
  ]
  assert.deepEqual(evaluate(rules, claims), {
    user: { id: undefined, name: 'u-1', email: undefined, domain: undefined, type: 'ephemeral' },
    groupIds: ['g1', 'ann'],
    groupNames: [{ name: 'g2', domain: { id: 'd' } }],
    projects: [{ name: 'home of ann', domain: undefined, roles: ['member'] }],
  })
  assert.equal(evaluate(rules, {}), null)
})

test('rules that could not work, or that could take for ever, are refused', () => {
  const refuse = (rule: object, message: RegExp) => assert.throws(() => ensureRules([rule as Rule]), { status: 400, message })
  refuse({ remote: [{ type: 'a' }], local: [{ user: { name: '{1}' } }] }, /\{1\} is used/)
  refuse({ remote: [{ type: 'a', any_one_of: ['x'] }], local: [{ user: { name: '{0}' } }] }, /has 0 remote values/)
  refuse({ remote: [{ type: 'a', any_one_of: ['x'], whitelist: ['y'] }], local: [user] }, /exclude each other/)
  refuse({ remote: [{ type: 'a', any_one_of: ['(a+'], regex: true }], local: [{ group: { id: 'g' } }] }, /Invalid pattern/)
  refuse({ remote: [{ type: 'a', whitelist: ['(?=x)'], regex: true }], local: [user] }, /Invalid pattern/)
  refuse({ remote: [{ type: 'a', regex: true }], local: [user] }, /is for a list/)
  refuse({ remote: [{ type: 'a' }], local: [{ groups: '{0}' }] }, /need a domain/)
  refuse({ remote: [{ type: 'a' }], local: [{ group: { name: 'x' } }] }, /a name and a domain/)
  refuse({ remote: [{ type: 'a' }], local: [{ user: { name: '{0}', type: 'local' } }] }, /local user/)
  const hostile = [{ remote: [{ type: 'sub', any_one_of: ['(a+)+$'], regex: true }], local: [{ group: { id: 'g' } }] }] as Rule[]
  ensureRules(hostile)
  assert.equal(evaluate(hostile, { sub: `${'a'.repeat(50_000)}b` }), null)
})
