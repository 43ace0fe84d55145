// What ended stays ended: an id that follows from something else, or that somebody chooses, comes back without the tokens of before.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signedLogin } from '../../testing/identity/delegations.ts'
import { federatedWorld, path as federation } from '../../testing/identity/federation.ts'
import { ask, makeProject, makeUser } from '../../testing/identity/users.ts'
import type { TestCloud } from '../../testing/test-cloud.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const keys = { access: 'chosen-access', secret: 'first' }

async function ec2World() {
  const cloud = await testCloud()
  const [project, other] = [await makeProject(cloud, 'p'), await makeProject(cloud, 'q')]
  const user = await makeUser(cloud, [
    ['member', `/projects/${project}`],
    ['member', `/projects/${other}`],
  ])
  const own = await user.login({ project: { id: project } })
  const blob = (pair: object) => JSON.stringify(pair)
  const make = async (pair: typeof keys) =>
    (
      await ask(cloud, own, 'POST', '/v3/credentials', {
        body: { credential: { type: 'ec2', project_id: project, blob: blob(pair) } },
        expected: 201,
      })
    ).body.credential.id as string
  const change = (id: string, credential: object) =>
    ask(cloud, own, 'PATCH', `/v3/credentials/${id}`, { body: { credential }, expected: 200 })
  const remove = (id: string) => ask(cloud, own, 'DELETE', `/v3/credentials/${id}`, { expected: 204 })
  return { cloud, project, other, make, change, remove, blob }
}

async function tokenOf(cloud: TestCloud, pair: typeof keys): Promise<string> {
  const answer = await signedLogin(cloud, pair)
  assert.equal(answer.status, 200, answer.text)
  return answer.headers.get('x-subject-token')!
}
const holds = (cloud: TestCloud, token: string, expected: number) => ask(cloud, token, 'GET', '/v3/auth/catalog', { expected })

test('EC2 keys that are made again with the same access key, by the same user, bring back no token', async () => {
  const { cloud, make, remove } = await ec2World()
  await using _ = cloud
  const first = await make(keys)
  const old = await tokenOf(cloud, keys)
  await holds(cloud, old, 200)
  await remove(first)
  await holds(cloud, old, 401)
  // The same secret too: somebody who deletes keys wants what came of them to end.
  assert.equal(await make(keys), first)
  await holds(cloud, old, 401)
  const now = await tokenOf(cloud, keys)
  await holds(cloud, now, 200)
  // And the end of the old one is none of the new one's.
  await ask(cloud, await cloud.admin.token(), 'DELETE', '/v3/auth/tokens', { headers: { 'x-subject-token': old }, expected: 404 })
  await holds(cloud, now, 200)
})

test('tokens by EC2 keys end when the secret, the project or the type of the keys is another, also when it is changed back', async () => {
  const { cloud, project, other, make, change, blob } = await ec2World()
  await using _ = cloud
  const id = await make(keys)
  const changes: [credential: object, back: object][] = [
    [{ blob: blob({ ...keys, secret: 'second' }) }, { blob: blob(keys) }],
    [{ project_id: other }, { project_id: project }],
    [{ type: 'x' }, { type: 'ec2' }],
  ]
  for (const [there, back] of changes) {
    const old = await tokenOf(cloud, keys)
    await holds(cloud, old, 200)
    await change(id, there)
    await holds(cloud, old, 401)
    await change(id, back)
    await holds(cloud, old, 401)
  }
  // What changes nothing of this ends nothing.
  const token = await tokenOf(cloud, keys)
  await change(id, { blob: blob(keys), description: 'mine' })
  await holds(cloud, token, 200)
})

test('a federated user who was deleted comes back by a login, and a protocol by an administrator, without the tokens of before', async () => {
  await using world = await federatedWorld()
  const { cloud } = world
  const reads = (token: string, expected: number) => ask(cloud, token, 'GET', '/v3/auth/projects', { expected })
  let token = await world.ann()
  const { user } = (await ask(cloud, token, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 200 })).body.token
  await cloud.admin.delete(`/identity/v3/users/${user.id}`)
  await reads(token, 401)
  const again = await world.ann()
  const found = (await ask(cloud, again, 'GET', '/v3/auth/tokens', { headers: { 'x-subject-token': again }, expected: 200 })).body.token
  assert.equal(found.user.id, user.id)
  await reads(token, 401)
  token = again
  await reads(token, 200)
  const protocol = `${federation}/identity_providers/corp/protocols/openid`
  await cloud.admin.delete(protocol)
  await reads(token, 401)
  await cloud.admin.put(protocol, { protocol: { mapping_id: 'people' } }, 201)
  await reads(token, 401)
  await reads(await world.ann(), 200)
})
