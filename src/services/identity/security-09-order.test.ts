// Who may not do something is told that, and not what is wrong with the request; nor which ids exist, where upstream hides that.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../api/operation.ts'
import { validator } from '../../api/validate.ts'
import { buildStage, requestFor, unknownRow } from '../../testing/identity/personas.ts'
import { ask, makeDomain, makeProject, makeUser } from '../../testing/identity/users.ts'
import { plainRequest } from '../../testing/persona-matrix.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { identity } from './index.ts'
import { mayDo, personas } from './security-09-personas-table.ts'

/** Bodies that the schema does not take: without any part, and the right one with something else at each place that names nobody. */
function wrongBodies(schema: Operation['body'], right: Record<string, unknown>): object[] {
  const broken = (value: unknown): unknown[] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, part]) => (/id$/.test(key) ? [] : broken(part).map((wrong) => ({ ...value, [key]: wrong }))))
      : [{ not: 'this' }, -5.5]
  return [{}, [], ...broken(right)].filter((body) => !takes(schema, body)) as object[]
}

function takes(schema: Operation['body'], body: unknown): boolean {
  try {
    validator(schema, false).check(body, 'body')
    return true
  } catch {
    return false
  }
}

test('a wrong body is 403 to those who may not, and 400 to those who may', async (t) => {
  await using cloud = await testCloud()
  const [stage, old] = [await buildStage(cloud), await buildStage(cloud, 'default')]
  const wrong: string[] = []
  let asked = 0
  for (const operation of identity.operations) {
    const allowed = mayDo(operation)
    if (!operation.policy || !operation.body || !allowed) continue
    const at = operation.majors?.[0] === 'v2.0' ? old : stage
    const { path, headers, body: right } = await requestFor(at, operation, false)
    const denied = personas.filter((name) => !allowed.includes(name))
    const send = async (name: (typeof personas)[number], body: object) => {
      asked++
      return plainRequest(`${cloud.url}/identity${path}`, operation.method, { ...headers, 'x-auth-token': await at.token(name) }, body)
    }
    const bodies = wrongBodies(operation.body, right)
    for (const body of bodies) {
      await Promise.all(
        denied.map(async (name) => {
          const { status, text } = await send(name, body)
          if (status !== 403 && !(status === 404 && path.includes(unknownRow)))
            wrong.push(`${operation.id} ${path}: ${name} with ${JSON.stringify(body)}: ${status} ${text.slice(0, 120)}`)
        }),
      )
    }
    const { status, text } = await send(allowed.includes('admin') ? 'admin' : allowed[0]!, bodies.at(-1)!)
    if (status !== 400) wrong.push(`${operation.id} ${path}: who may: ${status} ${text.slice(0, 120)}`)
  }
  t.diagnostic(`${asked} requests`)
  assert.ok(asked > 1000)
  assert.deepEqual(wrong.slice(0, 20), [])
})

test('the examples: empty updates, and a list with a wrong parameter', async () => {
  await using cloud = await testCloud()
  const domain = await makeDomain(cloud, 'd')
  const project = await makeProject(cloud, 'p', { domain_id: domain })
  const token = await (await makeUser(cloud, [['reader', `/projects/${project}`]])).login({ project: { id: project } })
  for (const [path, body] of [
    [`/domains/${domain}`, { domain: {} }],
    [`/projects/${project}`, { project: {} }],
    ['/domains', { domain: { name: '' } }],
  ] as const) {
    const method = path === '/domains' ? 'POST' : 'PATCH'
    await ask(cloud, token, method, `/v3${path}`, { body, expected: 403 })
    await cloud.admin.request(method, `/identity/v3${path}`, { body, expected: 400 })
  }
  // A manager who leaves the domain out means the own one, and learns what is wrong.
  const manager = await (await makeUser(cloud, [['manager', `/domains/${domain}`]])).login({ domain: { id: domain } })
  await ask(cloud, manager, 'POST', '/v3/projects', { body: { project: { name: 5 } }, expected: 400 })
  await ask(cloud, manager, 'POST', '/v3/projects', { body: { project: { name: 5, domain_id: 'default' } }, expected: 403 })
})

test('an id of nothing: 403 where rows are hidden, 404 where they are not, and to owners', async () => {
  await using cloud = await testCloud()
  const project = await makeProject(cloud, 'p')
  const [user, teammate] = [
    await makeUser(cloud, [['member', `/projects/${project}`]]),
    await makeUser(cloud, [['member', `/projects/${project}`]]),
  ]
  const token = await user.login({ project: { id: project } })
  const auditor = await (await makeUser(cloud, [['reader', '/system']])).login({ system: { all: true } })
  const nothing = '0123456789abcdef0123456789abcdef'
  const other = await makeUser(cloud)
  // A credential of somebody else is refused as such, and not as what is not there, under whichever user's path.
  const { id: theirs } = (
    await ask(cloud, await teammate.login({ project: { id: project } }), 'POST', `/v3/users/${teammate.id}/application_credentials`, {
      body: { application_credential: { name: 'a' } },
      expected: 201,
    })
  ).body.application_credential
  const group = (await cloud.admin.post('/identity/v3/groups', { group: { name: 'g' } }, 201)).body.group.id
  const change = { body: { region: { description: 'x' }, domain: { description: 'x' }, role: { name: 'x' }, endpoint: { enabled: true } } }
  const expected: [string, string, number, number][] = [
    // method, path, member of a project, reader of the system
    ['PATCH', `/regions/${nothing}`, 403, 403],
    ['GET', `/regions/${nothing}`, 404, 404],
    ['PATCH', `/domains/${nothing}`, 404, 404],
    ['GET', `/domains/${nothing}`, 403, 404],
    ['GET', `/roles/${nothing}`, 404, 404],
    ['PATCH', `/roles/${nothing}`, 404, 404],
    ['GET', `/endpoints/${nothing}`, 404, 404],
    ['DELETE', `/endpoints/${nothing}`, 404, 404],
    ['DELETE', `/groups/${nothing}`, 404, 404],
    ['GET', `/groups/${nothing}`, 403, 404],
    ['HEAD', `/groups/${group}/users/${nothing}`, 403, 404],
    ['PUT', `/groups/${group}/users/${nothing}`, 403, 403],
    ['HEAD', `/projects/${project}/users/${nothing}/roles/${nothing}`, 403, 404],
    ['GET', `/users/${user.id}/application_credentials/${nothing}`, 404, 404],
    ['GET', `/users/${other.id}/application_credentials/${nothing}`, 403, 404],
    ['DELETE', `/users/${other.id}/application_credentials/${nothing}`, 403, 403],
    ['GET', `/users/${user.id}/application_credentials/${theirs}`, 403, 200],
    ['GET', `/users/${teammate.id}/application_credentials/${theirs}`, 403, 200],
    ['DELETE', `/users/${user.id}/application_credentials/${theirs}`, 403, 403],
    ['GET', `/users/${other.id}/access_rules/${nothing}`, 403, 404],
    ['DELETE', `/users/${user.id}/access_rules/${nothing}`, 404, 403],
    ['GET', `/users/${other.id}/credentials/OS-EC2/${nothing}`, 404, 404],
  ]
  for (const [method, path, member, reader] of expected) {
    const body = method === 'PATCH' ? change : {}
    await ask(cloud, token, method, `/v3${path}`, { ...body, expected: member })
    await ask(cloud, auditor, method, `/v3${path}`, { ...body, expected: reader })
  }
})
