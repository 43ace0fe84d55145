import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Attribute, Change } from 'ldapts'
import { ask, makeProject, makeUser, passwordAuth, roleId, shiftedClock } from '../../../testing/identity/users.ts'
import { root, slapd, startDirectory, suffix, type TestDirectory } from '../../../testing/slapd.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { directoryOf } from './directories.ts'
import { publicId } from './store.ts'

const v3 = '/identity/v3'
const options = slapd ? {} : { skip: 'slapd is not installed: apt-get install slapd' }

interface World extends AsyncDisposable {
  cloud: TestCloud
  directory: TestDirectory
  clock: ReturnType<typeof shiftedClock>
  domain: string
  login(name: string, password: string, expected?: number, scope?: object): ReturnType<typeof ask>
  names(what: 'users' | 'groups'): Promise<string[]>
  id(name: string): Promise<string>
}

async function world(users: object = {}, domainName = 'corp'): Promise<World> {
  const directory = await startDirectory()
  const folder = mkdtempSync(join(tmpdir(), 'nephos-directory-'))
  writeFileSync(join(folder, 'password'), root.password)
  const entry = {
    domain: domainName,
    url: directory.url,
    'bind-dn': root.dn,
    'bind-password-file': 'password',
    timeout: 5,
    'page-size': 2,
    refresh: 60,
    users: { tree: `ou=people,${suffix}`, ...users },
    groups: { tree: `ou=groups,${suffix}` },
  }
  const directoryFile = join(folder, 'directory.yaml')
  writeFileSync(directoryFile, JSON.stringify({ directories: [entry] }))
  const clock = shiftedClock()
  const cloud = await testCloud({ clock, settings: { directoryFile } })
  const domain = (await cloud.admin.get(`${v3}/domains?name=${domainName}`)).body.domains[0].id
  const names = async (what: 'users' | 'groups') =>
    (await cloud.admin.get(`${v3}/${what}?domain_id=${domain}`)).body[what].map((row: { name: string }) => row.name)
  return {
    cloud,
    directory,
    clock,
    domain,
    login: (name, password, expected, scope) =>
      ask(cloud, null, 'POST', '/v3/auth/tokens', {
        body: passwordAuth({ name, domain: { id: domain } }, password, scope as never),
        expected,
      }),
    names,
    id: async (name) => (await cloud.admin.get(`${v3}/users?domain_id=${domain}&name=${encodeURIComponent(name)}`)).body.users[0].id,
    async [Symbol.asyncDispose]() {
      await cloud[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test('the users and groups of a directory', options, async (t) => {
  await using corp = await world()
  await t.test('users and groups of a domain are those of its directory, with all that lists can', async () => {
    const { cloud, domain } = corp
    assert.deepEqual(await corp.names('users'), ['admin', 'ann', 'bob', 'nopass', 'star*'])
    assert.deepEqual(await corp.names('groups'), ['dev', 'ops'])
    const filtered = (await cloud.admin.get(`${v3}/users?domain_id=${domain}&name__startswith=a&limit=1`)).body
    assert.deepEqual([filtered.users.map((row: { name: string }) => row.name), typeof filtered.links.next], [['admin'], 'string'])
    const ann = await corp.id('ann')
    assert.equal(ann, publicId(domain, 'user', 'ann'))
    assert.match(ann, /^[0-9a-f]{64}$/)
    const { user } = (await cloud.admin.get(`${v3}/users/${ann}`)).body
    assert.deepEqual([user.email, user.description, user.enabled, user.domain_id], ['ann@example.com', 'the first', true, domain])
    const groups = (await cloud.admin.get(`${v3}/users/${ann}/groups`)).body.groups
    assert.deepEqual(
      groups.map((row: { name: string }) => row.name),
      ['dev', 'ops'],
    )
    const members = (await cloud.admin.get(`${v3}/groups/${groups[0].id}/users`)).body.users
    assert.deepEqual(
      members.map((row: { name: string }) => row.name),
      ['ann', 'bob'],
    )
    await cloud.admin.request('HEAD', `${v3}/groups/${groups[1].id}/users/${ann}`, { expected: 204 })
  })
  await t.test('a password is proven by the directory; roles are granted here, to users and groups', async () => {
    const { cloud } = corp
    const project = await makeProject(cloud, 'p')
    const token = (await corp.login('ann', 'password-of-ann', 201)).body.token
    assert.deepEqual([token.user.name, token.user.domain.name, token.roles], ['ann', 'corp', undefined])
    const dev = (await cloud.admin.get(`${v3}/groups?name=dev`)).body.groups[0].id
    await cloud.admin.request('PUT', `${v3}/projects/${project}/groups/${dev}/roles/${await roleId(cloud, 'member')}`, { expected: 204 })
    const scope = { project: { id: project } }
    assert.ok(
      (await corp.login('ann', 'password-of-ann', 201, scope)).body.token.roles.some((role: { name: string }) => role.name === 'member'),
    )
    await corp.login('ann', 'wrong', 401, scope)
    await corp.login('admin', 'password-of-the-other-admin', 401, scope)
    const byId = (password: string) => ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id: token.user.id }, password) })
    assert.equal((await byId('password-of-ann')).status, 201)
    assert.equal((await byId('password-of-bob')).status, 401)
    const v2 = { auth: { passwordCredentials: { username: 'ann', password: 'password-of-ann' } } }
    assert.equal((await ask(cloud, null, 'POST', '/v2.0/tokens', { body: v2 })).status, 401, 'v2.0 knows the default domain only')
  })
  await t.test('the directory is not written to', async () => {
    const { cloud, domain } = corp
    const { admin } = cloud
    const ann = await corp.id('ann')
    const dev = (await admin.get(`${v3}/groups?name=dev`)).body.groups[0].id
    const local = await makeUser(cloud)
    const message = /LDAP does not support write operations/
    assert.match((await admin.patch(`${v3}/users/${ann}`, { user: { description: 'x' } }, 403)).body.error.message, message)
    await admin.delete(`${v3}/users/${ann}`, 403)
    await admin.post(`${v3}/users`, { user: { name: 'new', domain_id: domain } }, 403)
    await admin.post(`${v3}/users/${ann}/password`, { user: { password: 'x', original_password: 'password-of-ann' } }, 403)
    await admin.post(`${v3}/groups`, { group: { name: 'new', domain_id: domain } }, 403)
    await admin.patch(`${v3}/groups/${dev}`, { group: { name: 'x' } }, 403)
    await admin.delete(`${v3}/groups/${dev}`, 403)
    await admin.request('PUT', `${v3}/groups/${dev}/users/${local.id}`, { expected: 403 })
    await admin.delete(`${v3}/groups/${dev}/users/${ann}`, 403)
    // Groups of other domains may hold its users, and other domains are as they were.
    const other = (await admin.post(`${v3}/groups`, { group: { name: 'new', domain_id: 'default' } }, 201)).body.group.id
    await admin.request('PUT', `${v3}/groups/${other}/users/${ann}`, { expected: 204 })
    await admin.patch(`${v3}/users/${local.id}`, { user: { description: 'x' } }, 200)
  })
  await t.test('nothing that is typed changes what the directory is asked, and no password is no proof', async () => {
    const { cloud, domain } = corp
    for (const name of [
      '*',
      'a*',
      'ann)(uid=*',
      'ann)(|(uid=*',
      '*)(objectClass=*',
      '\\61nn',
      'ann\\',
      `ann,ou=people,${suffix}`,
      `uid=ann,ou=people,${suffix}`,
      'ann)(&',
    ])
      assert.equal((await corp.login(name, 'password-of-ann')).status, 401, name)
    await corp.login('star*', 'password-of-star', 201)
    for (const [name, password] of [
      ['ann', ''],
      ['nopass', ''],
      ['nobody', ''],
      ['nopass', 'x'],
      ['nobody', 'password-of-ann'],
      ['bob', 'password-of-ann'],
    ]) {
      const answer = await corp.login(name!, password!)
      assert.equal(answer.status, 401, `${name} ${password}`)
      assert.match(answer.body.error.message, /requires authentication/)
    }
    // The reader's own entry is in the directory, not among the users.
    await corp.login('root', root.password, 401)
    await cloud.admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: false } }, 200)
    await corp.login('ann', 'password-of-ann', 401)
  })
})

test('what changes in the directory changes here; a user who is gone or disabled holds nothing any more', options, async () => {
  await using corp = await world({ 'enabled-attribute': 'employeeType' })
  const { cloud, clock, directory } = corp
  const dn = (uid: string) => `uid=${uid},ou=people,${suffix}`
  await corp.login('bob', 'password-of-bob', 401)
  const project = await makeProject(cloud, 'p')
  const scope = { project: { id: project } }
  await cloud.admin.get(`${v3}/groups?name=ops`)
  const ops = (await cloud.admin.get(`${v3}/groups?name=ops`)).body.groups[0].id
  const ann = await corp.id('ann')
  const member = await roleId(cloud, 'member')
  await cloud.admin.request('PUT', `${v3}/projects/${project}/groups/${ops}/roles/${member}`, { expected: 204 })
  const token = (await corp.login('ann', 'password-of-ann', 201, scope)).headers.get('x-subject-token')!
  const works = (expected: number) => ask(cloud, token, 'GET', '/v3/auth/projects', { expected })
  await works(200)
  await directory.change((client) =>
    client.modify(`cn=ops,ou=groups,${suffix}`, [
      new Change({ operation: 'add', modification: new Attribute({ type: 'member', values: [dn('bob')] }) }),
      new Change({ operation: 'delete', modification: new Attribute({ type: 'member', values: [dn('ann')] }) }),
    ]),
  )
  await corp.login('ann', 'password-of-ann', 401, scope)
  await works(401)

  await cloud.admin.request('PUT', `${v3}/projects/${project}/users/${ann}/roles/${member}`, { expected: 204 })
  const second = (await corp.login('ann', 'password-of-ann', 201, scope)).headers.get('x-subject-token')!
  await directory.change((client) =>
    client.modify(
      dn('ann'),
      new Change({ operation: 'replace', modification: new Attribute({ type: 'employeeType', values: ['FALSE'] }) }),
    ),
  )
  clock.shift(61_000)
  assert.equal((await cloud.admin.get(`${v3}/users/${ann}`)).body.user.enabled, false)
  await ask(cloud, second, 'GET', '/v3/auth/projects', { expected: 401 })
  await directory.change((client) =>
    client.modify(dn('ann'), new Change({ operation: 'replace', modification: new Attribute({ type: 'employeeType', values: ['TRUE'] }) })),
  )
  const third = (await corp.login('ann', 'password-of-ann', 201, scope)).headers.get('x-subject-token')!
  await ask(cloud, second, 'GET', '/v3/auth/projects', { expected: 401 })

  const other = (await corp.login('admin', 'password-of-the-other-admin', 201)).headers.get('x-subject-token')!
  await directory.change((client) => client.del(dn('admin')))
  await directory.change((client) => client.del(dn('ann')))
  clock.shift(61_000)
  assert.ok(!(await corp.names('users')).includes('ann'))
  await cloud.admin.get(`${v3}/users/${ann}`, 404)
  await ask(cloud, third, 'GET', '/v3/auth/projects', { expected: 401 })
  await corp.login('ann', 'password-of-ann', 401)
  await directory.change((client) =>
    client.add(dn('admin'), { objectClass: 'inetOrgPerson', uid: 'admin', sn: 'a', cn: 'a', userPassword: 'new' }),
  )
  await corp.login('admin', 'new', 201)
  await ask(cloud, other, 'GET', '/v3/auth/projects', { expected: 401 })
  // Back again it is the same user, with the grants, but no token of before.
  await directory.change((client) =>
    client.add(dn('ann'), { objectClass: 'inetOrgPerson', uid: 'ann', sn: 'a', cn: 'a', userPassword: 'new' }),
  )
  assert.equal((await corp.login('ann', 'new', 201, scope)).body.token.user.id, ann)
  await ask(cloud, third, 'GET', '/v3/auth/projects', { expected: 401 })
})

test('a local user of the domain is nobody of the directory, whatever the names', options, async () => {
  await using corp = await world({}, 'Default')
  const { cloud } = corp
  const before = (await cloud.admin.get(`${v3}/users?name=admin&domain_id=default`)).body.users
  assert.equal(before.length, 1)
  assert.equal((await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id: before[0].id }, 'test-admin') })).status, 201)
  await corp.login('admin', 'password-of-the-other-admin', 401)
  await corp.login('admin', 'test-admin', 201)
  assert.deepEqual(await corp.names('users'), ['admin', 'ann', 'bob', 'nopass', 'star*'])
  await cloud.admin.patch(`${v3}/users/${before[0].id}`, { user: { description: 'still local' } }, 200)
  const ann = await corp.id('ann')
  for (const [path, user] of Object.entries({
    '': { description: 'x' },
    '/enabled': { enabled: false },
    '/OS-KSADM/enabled': { enabled: false },
    '/OS-KSADM/password': { password: 'another' },
    '/password': { password: 'another' },
    '/OS-KSADM/tenant': { tenantId: '' },
    '/tenant': { tenantId: '' },
  }))
    await ask(cloud, await cloud.admin.token(), 'PUT', `/v2.0/users/${ann}${path}`, { body: { user }, expected: 403 })
  await ask(cloud, await cloud.admin.token(), 'DELETE', `/v2.0/users/${ann}`, { expected: 403 })
  assert.equal(
    (
      await ask(cloud, null, 'POST', '/v2.0/tokens', {
        body: { auth: { passwordCredentials: { username: 'ann', password: 'password-of-ann' } } },
      })
    ).status,
    200,
  )
})

test('a directory that is away is told as such, hurts nobody else, and is read again when it is back', options, async () => {
  await using corp = await world()
  const { cloud, clock, directory, domain } = corp
  const token = (await corp.login('ann', 'password-of-ann', 201)).headers.get('x-subject-token')!
  const ann = await corp.id('ann')
  await directory.stop()
  clock.shift(61_000)
  assert.match((await corp.login('ann', 'password-of-ann', 503)).body.error.message, /directory of this domain cannot be reached/)
  await cloud.admin.get(`${v3}/users?domain_id=${domain}`, 503)
  await cloud.admin.get(`${v3}/users/${ann}`, 503)
  // Lists of all domains do not wait for it again.
  const known = (await directoryOf(cloud.cloud, domain))!
  assert.equal(known.isAway(), true)
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })
  assert.ok((await cloud.admin.get(`${v3}/users`)).body.users.length >= 5)
  await cloud.admin.get(`${v3}/users?domain_id=default`)
  const local = await makeUser(cloud)
  await local.login()
  await directory.start()
  await corp.login('ann', 'password-of-ann', 201)
  await cloud.admin.get(`${v3}/users?domain_id=${domain}`)
  assert.equal(known.isAway(), false)
})
