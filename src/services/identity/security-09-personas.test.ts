// Who may do what: every kind of asker against every kind of request, by upstream's rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { ask, makeDomain, makeProject, makeUser } from './test-users.ts'

type Name = 'admin' | 'manager' | 'domainReader' | 'systemReader' | 'member' | 'reader' | 'other' | 'nobody'
const everyone: Name[] = ['admin', 'manager', 'domainReader', 'systemReader', 'member', 'reader', 'other', 'nobody']
const readers: Name[] = ['admin', 'manager', 'domainReader', 'systemReader']
const system: Name[] = ['admin', 'systemReader']
const managers: Name[] = ['admin', 'manager']
const admin: Name[] = ['admin']

interface World {
  domain: string
  project: string
  user: string
  group: string
  role: string
  service: string
  endpoint: string
}
interface Request {
  allowed: Name[]
  method: string
  path(world: World): string
  body?(world: World, n: number): object
}
const row = (allowed: Name[], method: string, path: Request['path'], body?: Request['body']): Request => ({ allowed, method, path, body })

const requests: Request[] = [
  row(system, 'GET', () => '/v3/policies'),
  row(
    admin,
    'POST',
    () => '/v3/policies',
    () => ({ policy: { blob: '{}', type: 'application/json' } }),
  ),
  row(system, 'GET', () => '/v3/OS-TRUST/trusts'),
  row(system, 'GET', () => '/v3/OS-OAUTH1/consumers'),
  row(
    admin,
    'POST',
    () => '/v3/OS-OAUTH1/consumers',
    () => ({ consumer: {} }),
  ),
  row(system, 'GET', () => '/v3/OS-EP-FILTER/endpoint_groups'),
  row(system, 'GET', (w) => `/v3/OS-EP-FILTER/projects/${w.project}/endpoints`),
  row(admin, 'PUT', (w) => `/v3/OS-EP-FILTER/projects/${w.project}/endpoints/${w.endpoint}`),
  row([...readers, 'member', 'reader'], 'GET', (w) => `/v3/projects/${w.project}`),
  row(readers, 'GET', (w) => `/v3/projects?domain_id=${w.domain}`),
  row(system, 'GET', () => '/v3/projects?domain_id=default'),
  row(
    managers,
    'POST',
    () => '/v3/projects',
    (w, n) => ({ project: { name: `made-${n}`, domain_id: w.domain } }),
  ),
  row(
    admin,
    'POST',
    () => '/v3/projects',
    (_w, n) => ({ project: { name: `made-${n}`, domain_id: 'default' } }),
  ),
  row(
    managers,
    'PATCH',
    (w) => `/v3/projects/${w.project}`,
    () => ({ project: { description: 'x' } }),
  ),
  row(managers, 'PUT', (w) => `/v3/projects/${w.project}/tags/x`),
  row([...readers, 'member', 'reader'], 'GET', (w) => `/v3/projects/${w.project}/tags`),
  row([...readers, 'member', 'reader'], 'GET', (w) => `/v3/domains/${w.domain}`),
  row(readers, 'GET', () => '/v3/domains'),
  row(
    admin,
    'POST',
    () => '/v3/domains',
    (_w, n) => ({ domain: { name: `made-${n}` } }),
  ),
  row(
    admin,
    'PATCH',
    (w) => `/v3/domains/${w.domain}`,
    () => ({ domain: { description: 'x' } }),
  ),
  row(readers, 'GET', (w) => `/v3/users/${w.user}`),
  row(readers, 'GET', (w) => `/v3/users?domain_id=${w.domain}`),
  row(
    managers,
    'POST',
    () => '/v3/users',
    (w, n) => ({ user: { name: `made-${n}`, domain_id: w.domain } }),
  ),
  row(
    admin,
    'POST',
    () => '/v3/users',
    (_w, n) => ({ user: { name: `made-${n}`, domain_id: 'default' } }),
  ),
  row(
    managers,
    'PATCH',
    (w) => `/v3/users/${w.user}`,
    () => ({ user: { description: 'x' } }),
  ),
  row(readers, 'GET', (w) => `/v3/users/${w.user}/projects`),
  row(readers, 'GET', (w) => `/v3/users/${w.user}/groups`),
  row(readers, 'GET', (w) => `/v3/groups/${w.group}`),
  row(readers, 'GET', (w) => `/v3/groups?domain_id=${w.domain}`),
  row(
    managers,
    'POST',
    () => '/v3/groups',
    (w, n) => ({ group: { name: `made-${n}`, domain_id: w.domain } }),
  ),
  row(
    managers,
    'PATCH',
    (w) => `/v3/groups/${w.group}`,
    () => ({ group: { description: 'x' } }),
  ),
  row(managers, 'PUT', (w) => `/v3/groups/${w.group}/users/${w.user}`),
  row(readers, 'GET', (w) => `/v3/groups/${w.group}/users`),
  row([...system, 'manager'], 'GET', () => '/v3/roles'),
  row(system, 'GET', (w) => `/v3/roles/${w.role}`),
  row(
    admin,
    'POST',
    () => '/v3/roles',
    (_w, n) => ({ role: { name: `made-${n}` } }),
  ),
  row(
    admin,
    'PATCH',
    (w) => `/v3/roles/${w.role}`,
    () => ({ role: { description: 'x' } }),
  ),
  row(system, 'GET', (w) => `/v3/roles/${w.role}/implies`),
  row(system, 'GET', () => '/v3/role_inferences'),
  row(admin, 'PUT', (w) => `/v3/projects/${w.project}/users/${w.user}/roles/${w.role}`),
  row(readers, 'GET', (w) => `/v3/projects/${w.project}/users/${w.user}/roles`),
  row(admin, 'PUT', (w) => `/v3/system/users/${w.user}/roles/${w.role}`),
  row(system, 'GET', (w) => `/v3/system/users/${w.user}/roles`),
  row(readers, 'GET', () => '/v3/role_assignments'),
  row(system, 'GET', () => '/v3/services'),
  row(system, 'GET', (w) => `/v3/services/${w.service}`),
  row(
    admin,
    'POST',
    () => '/v3/services',
    () => ({ service: { type: 't' } }),
  ),
  row(
    admin,
    'PATCH',
    (w) => `/v3/services/${w.service}`,
    () => ({ service: { description: 'x' } }),
  ),
  row(system, 'GET', (w) => `/v3/endpoints/${w.endpoint}`),
  row(
    admin,
    'POST',
    () => '/v3/endpoints',
    (w) => ({ endpoint: { service_id: w.service, interface: 'public', url: 'http://x' } }),
  ),
  row(
    admin,
    'PATCH',
    (w) => `/v3/endpoints/${w.endpoint}`,
    () => ({ endpoint: { enabled: true } }),
  ),
  row(everyone, 'GET', () => '/v3/regions'),
  row(
    admin,
    'POST',
    () => '/v3/regions',
    () => ({ region: { description: 'x' } }),
  ),
  row(everyone, 'GET', () => '/v3/credentials'),
  row(
    admin,
    'POST',
    () => '/v3/credentials',
    (w) => ({ credential: { type: 'x', blob: 'x', user_id: w.user } }),
  ),
  row(everyone, 'GET', () => '/v3/auth/projects'),
  row(everyone, 'GET', () => '/v3/auth/domains'),
  row(everyone, 'GET', () => '/v2.0/tenants'),
  row(system, 'GET', () => '/v2.0/users'),
  row(
    admin,
    'POST',
    () => '/v2.0/tenants',
    (_w, n) => ({ tenant: { name: `made-${n}` } }),
  ),
  row(
    admin,
    'POST',
    () => '/v2.0/users',
    (_w, n) => ({ user: { name: `v2-${n}` } }),
  ),
  row(
    admin,
    'POST',
    () => '/v2.0/OS-KSADM/roles',
    (_w, n) => ({ role: { name: `v2-${n}` } }),
  ),
  row(system, 'GET', () => '/v2.0/endpoints'),
  // At the end: what takes away.
  row(admin, 'DELETE', (w) => `/v3/endpoints/${w.endpoint}`),
  row(admin, 'DELETE', (w) => `/v3/services/${w.service}`),
  row(managers, 'DELETE', (w) => `/v3/groups/${w.group}`),
  row(managers, 'DELETE', (w) => `/v3/users/${w.user}`),
  row(admin, 'DELETE', (w) => `/v3/roles/${w.role}`),
]

async function build(cloud: TestCloud): Promise<{ world: World; tokens: Record<Name, string> }> {
  const post = async (path: string, body: object) =>
    Object.values((await cloud.admin.post(`/identity/v3${path}`, body, 201)).body as Record<string, { id: string }>)[0]!.id
  const domain = await makeDomain(cloud, 'd')
  const project = await makeProject(cloud, 'p', { domain_id: domain })
  const elsewhere = await makeProject(cloud, 'elsewhere')
  const service = await post('/services', { service: { type: 'x' } })
  const world: World = {
    domain,
    project,
    service,
    user: (await makeUser(cloud, [], domain)).id,
    group: await post('/groups', { group: { name: 'g', domain_id: domain } }),
    role: await post('/roles', { role: { name: 'special' } }),
    endpoint: await post('/endpoints', { endpoint: { service_id: service, interface: 'public', url: 'http://x' } }),
  }
  const on = async (role: string, path: string, scope: Parameters<Awaited<ReturnType<typeof makeUser>>['login']>[0]) =>
    (await makeUser(cloud, [[role, path]], domain)).login(scope)
  return {
    world,
    tokens: {
      admin: await cloud.admin.token(),
      manager: await on('manager', `/domains/${domain}`, { domain: { id: domain } }),
      domainReader: await on('reader', `/domains/${domain}`, { domain: { id: domain } }),
      systemReader: await on('reader', '/system', { system: { all: true } }),
      member: await on('member', `/projects/${project}`, { project: { id: project } }),
      reader: await on('reader', `/projects/${project}`, { project: { id: project } }),
      other: await on('member', `/projects/${elsewhere}`, { project: { id: elsewhere } }),
      nobody: await (await makeUser(cloud)).login(),
    },
  }
}

test('every persona against every rule', async () => {
  await using cloud = await testCloud()
  const { world, tokens } = await build(cloud)
  let n = 0
  const wrong: string[] = []
  // The least first: what only some may take away is still there when it is their turn.
  for (const { allowed, method, path, body } of requests) {
    for (const name of everyone.toReversed()) {
      const { status } = await ask(cloud, tokens[name], method, path(world), { body: body?.(world, ++n) })
      const may = allowed.includes(name)
      // A persona that may delete finds nothing after another one that did.
      const right = may ? status < 300 || (method === 'DELETE' && status === 404) || (method === 'PATCH' && status === 409) : status === 403
      if (!right) wrong.push(`${name} ${method} ${path(world)}: ${status}, ${may ? 'allowed' : 'denied'}`)
    }
    const { status } = await ask(cloud, null, method, path(world), { body: body?.(world, ++n) })
    if (status !== 401) wrong.push(`no token ${method} ${path(world)}: ${status}`)
  }
  assert.deepEqual(wrong, [])
})

test('every operation has a rule, except those that are for everybody by their nature', async () => {
  await using cloud = await testCloud()
  const identity = cloud.cloud.services.find((service) => service.name === 'identity')!
  const without = identity.operations.filter((operation) => operation.policy === null).map((operation) => operation.id)
  assert.deepEqual(without.sort(), [
    'kds.groups.key',
    'kds.tickets.create',
    'oauth1.access-token',
    'oauth1.request-token',
    'tokens.create',
    'users.change-password',
    'v2.extensions.list',
    'v2.extensions.show',
    'v2.tokens.create',
    'versions.list',
    'versions.show-v2.0',
    'versions.show-v3',
  ])
  assert.ok(identity.operations.every((operation) => operation.policy !== null || operation.auth === 'none'))
})
