// A domain whose directory was configured by the API, in upstream's options.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, passwordAuth, shiftedClock } from '../../../testing/identity/users.ts'
import { root, slapd, startDirectory, suffix } from '../../../testing/slapd.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { directorySettings } from './options.ts'
import { publicId } from './store.ts'

const v3 = '/identity/v3'
const options = slapd ? {} : { skip: 'slapd is not installed: apt-get install slapd' }
const on = { domainConfigurationsFromDatabase: true }

const ldap = (url: string) => ({
  url,
  user: root.dn,
  password: root.password,
  suffix,
  user_tree_dn: `ou=people,${suffix}`,
  user_id_attribute: 'uid',
  user_name_attribute: 'uid',
  group_tree_dn: `ou=groups,${suffix}`,
  group_name_attribute: 'cn',
})

const names = async (cloud: TestCloud, what: 'users' | 'groups', domain: string) =>
  (await cloud.admin.get(`${v3}/${what}?domain_id=${domain}`)).body[what].map((row: { name: string }) => row.name)
const login = (cloud: TestCloud, domain: string, name: string, password: string, expected: number) =>
  ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ name, domain: { id: domain } }, password), expected })

test('a domain configured for LDAP is served by that directory, until it is configured otherwise', options, async () => {
  await using directory = await startDirectory()
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock, settings: on })
  const { admin } = cloud
  const domain = await makeDomain(cloud, 'corp')
  const path = `${v3}/domains/${domain}/config`
  assert.deepEqual(await names(cloud, 'users', domain), [])
  const shown = (await admin.put(path, { config: { identity: { driver: 'ldap' }, ldap: ldap(directory.url) } }, 201)).text
  assert.ok(!shown.includes(root.password))
  assert.deepEqual(await names(cloud, 'users', domain), ['admin', 'ann', 'bob', 'nopass', 'star*'])
  assert.deepEqual(await names(cloud, 'groups', domain), ['dev', 'ops'])
  const answer = await login(cloud, domain, 'ann', 'password-of-ann', 201)
  const token = answer.headers.get('x-subject-token')!
  assert.equal(answer.body.token.user.id, publicId(domain, 'user', 'ann'))
  const groups = (await admin.get(`${v3}/users/${answer.body.token.user.id}/groups`)).body.groups
  assert.equal(groups.length, 2)
  await login(cloud, domain, 'ann', 'password-of-bob', 401)
  await admin.post(`${v3}/users`, { user: { name: 'new', domain_id: domain } }, 403)
  await admin.post(`${v3}/users`, { user: { name: 'new', domain_id: 'default' } }, 201)

  // A change counts at once: other users, then another way to name them.
  await admin.patch(path, { config: { ldap: { user_filter: '(!(uid=bob))' } } }, 200)
  assert.deepEqual(await names(cloud, 'users', domain), ['admin', 'ann', 'nopass', 'star*'])
  await admin.patch(path, { config: { ldap: { user_name_attribute: 'mail' } } }, 200)
  assert.deepEqual(await names(cloud, 'users', domain), ['ann@example.com'])
  await login(cloud, domain, 'ann@example.com', 'password-of-ann', 201)
  await admin.patch(
    path,
    { config: { ldap: { user_name_attribute: 'uid', user_enabled_attribute: 'employeeType', user_filter: null } } },
    200,
  )
  await login(cloud, domain, 'bob', 'password-of-bob', 401)
  await login(cloud, domain, 'ann', 'password-of-ann', 201)
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })

  // Without the directory nobody of it holds anything; with it again they are who they were.
  await admin.delete(`${path}/identity/driver`)
  assert.deepEqual(await names(cloud, 'users', domain), [])
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 401 })
  await login(cloud, domain, 'ann', 'password-of-ann', 401)
  await admin.post(`${v3}/groups`, { group: { name: 'local', domain_id: domain } }, 201)
  await admin.patch(path, { config: { identity: { driver: 'ldap' } } }, 200)
  const again = await login(cloud, domain, 'ann', 'password-of-ann', 201)
  assert.equal(again.body.token.user.id, answer.body.token.user.id)
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 401 })
  await directory.stop()
  clock.shift(61_000)
  await login(cloud, domain, 'ann', 'password-of-ann', 503)
  await login(cloud, 'default', 'admin', 'test-admin', 201)
})

test('a configuration that cannot be served is refused, and one that was kept before is told as such', async () => {
  await using cloud = await testCloud({ settings: on })
  const domain = await makeDomain(cloud, 'corp')
  const path = `${v3}/domains/${domain}/config`
  const driver = { identity: { driver: 'ldap' } }
  const bad: [object, RegExp][] = [
    [{ url: 'ldap://192.0.2.1' }, /in clear/],
    [{ url: 'ldaps://192.0.2.1,ldaps://192.0.2.2' }, /one address/],
    [{ url: 'http://127.0.0.1' }, /one address/],
    [{ url: 'ldaps://127.0.0.1', use_tls: true }, /encrypted already/],
    [{ tls_req_cert: 'never' }, /not built/],
    [{ tls_cacertfile: '/etc/passwd' }, /name of a file/],
    [{ tls_cacertfile: '../master-key' }, /name of a file/],
    [{ tls_cacertfile: 'nowhere.pem' }, /cannot be read/],
    [{ user_enabled_emulation: true }, /not built/],
    [{ chase_referrals: true }, /not built/],
    [{ user_id_attribute: 'a)(b' }, /name of an attribute/],
    [{ query_scope: 'base' }, /one or sub/],
    [{ page_size: -1 }, /whole number/],
    [{ user: 'cn=x' }, /belong together/],
  ]
  for (const [more, reason] of bad) {
    const refused = await cloud.admin.put(path, { config: { ...driver, ldap: { url: 'ldap://127.0.0.1:1', ...more } } }, 403)
    assert.match(refused.body.error.message, reason)
  }
  await cloud.admin.put(path, { config: { identity: { driver: 'carrier-pigeon' } } }, 403)
  await cloud.admin.get(path, 404)
  // Kept, but with nobody behind it.
  await cloud.admin.put(path, { config: { ...driver, ldap: { url: 'ldap://127.0.0.1:1' } } }, 201)
  await cloud.admin.get(`${v3}/users?domain_id=${domain}`, 503)
  await login(cloud, domain, 'ann', 'x', 503)
  assert.ok((await cloud.admin.get(`${v3}/users`)).body.users.length > 0)
})

test('without the setting a configuration is only kept', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'corp')
  await cloud.admin.put(
    `${v3}/domains/${domain}/config`,
    { config: { identity: { driver: 'ldap' }, ldap: { url: 'ldap://192.0.2.1' } } },
    201,
  )
  await cloud.admin.post(`${v3}/users`, { user: { name: 'local', domain_id: domain } }, 201)
  assert.deepEqual(await names(cloud, 'users', domain), ['local'])
})

test('options and their defaults are those of upstream', () => {
  const settings = directorySettings({ identity: { driver: 'ldap' }, ldap: { url: 'ldaps://ldap.example.com', suffix } }, 'd', '/nowhere')!
  assert.deepEqual(settings, {
    domain: 'd',
    url: 'ldaps://ldap.example.com',
    startTls: false,
    ca: null,
    bind: null,
    timeoutMs: 10_000,
    pageSize: null,
    scope: 'one',
    aliases: 'never',
    refreshMs: 60_000,
    users: {
      tree: `ou=Users,${suffix}`,
      filter: '',
      objectClass: 'inetOrgPerson',
      id: 'cn',
      name: 'sn',
      description: 'description',
      mail: 'mail',
      enabled: { attribute: 'enabled', mask: 0, invert: false, otherwise: 'True' },
    },
    groups: {
      tree: `ou=UserGroups,${suffix}`,
      filter: '',
      objectClass: 'groupOfNames',
      id: 'cn',
      name: 'ou',
      description: 'description',
      mayLack: true,
      member: 'member',
      membersAreIds: false,
    },
  })
  assert.equal(directorySettings({}, 'd', '/nowhere'), null)
  assert.equal(directorySettings({ identity: { driver: 'sql' }, ldap: { url: 'ftp://x' } }, 'd', '/nowhere'), null)
})
