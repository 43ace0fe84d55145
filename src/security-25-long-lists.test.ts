// A list has no end that is known beforehand: whoever asks for a long one keeps nobody waiting, and it does not lie in memory as a whole.
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { type TestCloud, testCloud } from './testing/test-cloud.ts'
import { longestTurn, onThisMachine } from './testing/turns.ts'

/** Milliseconds of processor time that may go by while all others wait. */
const longest = 70

/** To check an answer it is made whole first. */
const unchecked = { settings: { checkAnswers: false } }

/** The pieces of an answer as they come: they are put together when nobody measures any more. */
const fetched = (url: string, token: string, method = 'GET') =>
  new Promise<{ status: number; headers: http.IncomingHttpHeaders; pieces: Buffer[] }>((resolve, reject) => {
    const request = http.request(url, { method, headers: { 'x-auth-token': token } }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece) => pieces.push(piece))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, pieces })).on('error', reject)
    })
    request.on('error', reject).end()
  })

async function long(cloud: TestCloud, path: string) {
  const token = await cloud.admin.token()
  let answer: Awaited<ReturnType<typeof fetched>> | undefined
  const ms = await longestTurn(async () => {
    answer = await fetched(cloud.url + path, token)
  })
  assert.equal(answer!.status, 200, path)
  assert.ok(ms < onThisMachine(longest), `${path}: ${ms} ms`)
  const head = await fetched(cloud.url + path, token, 'HEAD')
  assert.equal(head.status, 200)
  return JSON.parse(Buffer.concat(answer!.pieces).toString())
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

async function inParts<T>(rows: T[], insert: (part: T[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += 1000) await insert(rows.slice(at, at + 1000))
}

test('security-25: role assignments, as granted and as what they come to', async () => {
  await using cloud = await testCloud(unchecked)
  const { database } = cloud.cloud
  const roles = (await cloud.admin.get('/identity/v3/roles')).body.roles as { id: string; name: string }[]
  const roleId = roles.find(({ name }) => name === 'manager')!.id
  const grants = range(20_000).map((index) => ({
    actor_type: index % 3 ? ('user' as const) : ('group' as const),
    actor_id: `u${index % 2000}`,
    target_type: 'project' as const,
    target_id: `p${Math.floor(index / 2000)}`,
    role_id: roleId,
    inherited: false,
  }))
  await database.write(({ db }) => inParts(grants, (part) => db.insertInto('identity_assignments').values(part).execute()))
  const path = '/identity/v3/role_assignments'
  const few = (await cloud.admin.get(`${path}?scope.project.id=p3`)).body.role_assignments
  assert.equal(few.length, 2000)

  const all = await long(cloud, path)
  const ofTest = all.role_assignments.filter((one: { scope: { project?: { id: string } } }) => /^p\d$/.test(one.scope.project?.id ?? ''))
  assert.equal(ofTest.length, grants.length)
  assert.equal(new Set(ofTest.map((one: { links: { assignment: string } }) => one.links.assignment)).size, grants.length)
  assert.deepEqual(Object.keys(all), ['role_assignments', 'links'])
  assert.match(all.links.self, /\/v3\/role_assignments$/)

  // A manager is a member and a reader too; groups have no members here.
  const effective = await long(cloud, `${path}?effective&include_names`)
  const users = grants.filter(({ actor_type }) => actor_type === 'user').length
  const made = effective.role_assignments.filter((one: { scope: { project?: { id: string } } }) =>
    /^p\d$/.test(one.scope.project?.id ?? ''),
  )
  assert.equal(made.length, 3 * users)
  assert.equal(made[0].role.name !== undefined, true)
})

test('security-25: users and networks without a limit', async () => {
  await using cloud = await testCloud(unchecked)
  const { database } = cloud.cloud
  const created_at = new Date(cloud.cloud.environment.clock.now()).toISOString()
  const users = range(6000).map((index) => ({
    id: `u${index}`,
    name: `user ${index}`,
    domain_id: 'default',
    extra: { about: 'one of many' },
    options: {},
    created_at,
    password_hash: null,
    password_changed_at: null,
    password_expires_at: null,
    default_project_id: null,
    email: `user-${index}@example.org`,
    description: null,
  }))
  await database.write(({ db }) => inParts(users, (part) => db.insertInto('identity_users').values(part).execute()))
  const listed = await long(cloud, '/identity/v3/users?name__startswith=user%20')
  assert.equal(listed.users.length, users.length)
  assert.equal(listed.users[7].about, 'one of many')
  assert.equal(listed.links.previous, null)

  const one = (await cloud.admin.post('/network/v2.0/networks', { network: { name: 'net' } }, 201)).body.network
  await database.write(async ({ db }) => {
    const row = await db.selectFrom('network_networks').selectAll().where('id', '=', one.id).executeTakeFirstOrThrow()
    const rows = range(20_000).map((index) => ({ ...row, id: `n${index}`, name: `net ${index}` }))
    await inParts(rows, (part) => db.insertInto('network_networks').values(part).execute())
  })
  const { networks } = await long(cloud, '/network/v2.0/networks?fields=id&fields=name')
  assert.ok(networks.length > 20_000)
  assert.deepEqual(Object.keys(networks[5000]), ['id', 'name'])
})
