// The rows of identity that every persona is tried on, and a request for any operation made from its declaration.
import type { Operation } from '../../api/operation.ts'
import { exampleOf, freshName } from '../persona-matrix.ts'
import { makePersonas, type PersonaName, tokenOf } from '../personas.ts'
import type { TestCloud } from '../test-cloud.ts'
import { makeAccessToken, oauthHeader } from './delegations.ts'
import { ask, makeUser, roleId } from './users.ts'

// biome-ignore lint/suspicious/noExplicitAny: schemas and answers of any operation
type Any = any

export interface Stage {
  cloud: TestCloud
  ids: {
    domain: string
    project: string
    user: string
    trustee: string
    member: string
    reader: string
    service: string
    password: string
  }
  /** A token of that persona; changes of the user by others have ended those of before. */
  token(name: PersonaName): Promise<string>
  /** A row for the parameter of that path: always the same, or a new one. */
  row(path: string, param: string, fresh?: boolean): Promise<string>
}

/** In a domain of its own, or in the default one, which is all that v2.0 knows. */
export async function buildStage(cloud: TestCloud, home?: 'default'): Promise<Stage> {
  const made = await makePersonas(cloud, home)
  const { domain, project, user } = made
  const ids = {
    domain,
    project,
    user: user.id,
    password: user.password,
    trustee: (await makeUser(cloud, [], domain)).id,
    member: await roleId(cloud, 'member'),
    reader: await roleId(cloud, 'reader'),
    service: '',
  }
  const known = new Map<string, Promise<string>>()
  const stage: Stage = {
    cloud,
    ids,
    token: async (name) => (await made.token(name))!,
    row(path, param, fresh = false) {
      const found = makers.find(([name, where]) => name === param && (!where || path.includes(where)))
      if (!found) return Promise.resolve(unknownRow)
      const [, where, make] = found
      if (fresh) return make(stage)
      const key = `${param} ${where}`
      if (!known.has(key)) known.set(key, make(stage))
      return known.get(key)!
    },
  }
  ids.service = await stage.row('/services', 'service_id')
  const group = await stage.row('/groups', 'group_id')
  const put = (path: string) => cloud.admin.request('PUT', `/identity/v3${path}`)
  await put(`/groups/${group}/users/${ids.user}`)
  for (const actor of [`users/${ids.user}`, `groups/${group}`]) {
    for (const place of [`projects/${project}`, `domains/${domain}`, 'system']) await put(`/${place}/${actor}/roles/${ids.reader}`)
    for (const place of [`projects/${project}`, `domains/${domain}`])
      await put(`/OS-INHERIT/${place}/${actor}/roles/${ids.reader}/inherited_to_projects`)
  }
  await put(`/roles/${ids.member}/implies/${ids.reader}`)
  await put(`/OS-EP-FILTER/projects/${project}/endpoints/${await stage.row('/', 'endpoint_id')}`)
  await put(`/OS-EP-FILTER/endpoint_groups/${await stage.row('/', 'endpoint_group_id')}/projects/${project}`)
  return stage
}

/** Where the table of makers says nothing: nobody finds anything there. */
export const unknownRow = 'no-such-row'

async function made(stage: Stage, path: string, body: object, token?: string, status = 201): Promise<Any> {
  const answer = await ask(stage.cloud, token ?? (await stage.cloud.admin.token()), 'POST', path, { body, expected: status })
  return Object.values(answer.body)[0]
}
const federated = async ({ cloud }: Stage, path: string, body: object): Promise<string> =>
  (Object.values((await cloud.admin.put(`/identity/v3/OS-FEDERATION${path}`, body, 201)).body)[0] as Any).id
/** A row with an id of our own choice. */
async function put(stage: Stage, path: string, body: object): Promise<string> {
  const id = freshName()
  await stage.cloud.admin.request('PUT', `/identity/v3${path}${id}`, { body, expected: 201 })
  return id
}
const mappingRules = [{ local: [{ user: { name: '{0}' } }], remote: [{ type: 'NAME' }] }]
const own = async (stage: Stage, path: string, body: object) =>
  made(stage, `/v3/users/${stage.ids.user}${path}`, body, await stage.token('user'))

const trust = async (stage: Stage) =>
  (
    await made(
      stage,
      '/v3/OS-TRUST/trusts',
      {
        trust: {
          trustor_user_id: stage.ids.user,
          trustee_user_id: stage.ids.trustee,
          project_id: stage.ids.project,
          impersonation: true,
          roles: [{ id: stage.ids.member }],
        },
      },
      await stage.token('user'),
    )
  ).id
const application = (stage: Stage, more: object = {}) =>
  own(stage, '/application_credentials', { application_credential: { name: freshName(), ...more } })
const requestToken = async ({ cloud, ids }: Stage) => {
  const { consumer } = (await cloud.admin.post('/identity/v3/OS-OAUTH1/consumers', { consumer: {} }, 201)).body
  const path = '/v3/OS-OAUTH1/request_token'
  const headers = { authorization: oauthHeader(cloud, path, { consumer, callback: 'oob' }), 'requested-project-id': ids.project }
  return new URLSearchParams((await ask(cloud, null, 'POST', path, { headers, expected: 201 })).text).get('oauth_token')!
}

/** How rows are made, by the parameter that names them, and by the path where that matters. The first that fits counts. */
const makers: [param: string, path: string, make: (stage: Stage) => Promise<string>][] = [
  ['project_id', '', (s) => made(s, '/v3/projects', { project: { name: freshName(), domain_id: s.ids.domain } }).then((r) => r.id)],
  ['tenant_id', '', (s) => made(s, '/v3/projects', { project: { name: freshName(), domain_id: s.ids.domain } }).then((r) => r.id)],
  ['domain_id', '', (s) => made(s, '/v3/domains', { domain: { name: freshName() } }).then((r) => r.id)],
  ['user_id', '', (s) => made(s, '/v3/users', { user: { name: freshName(), domain_id: s.ids.domain } }).then((r) => r.id)],
  ['group_id', '', (s) => made(s, '/v3/groups', { group: { name: freshName(), domain_id: s.ids.domain } }).then((r) => r.id)],
  ['role_id', '', (s) => made(s, '/v3/roles', { role: { name: freshName() } }).then((r) => r.id)],
  ['implied_role_id', '', async (s) => s.ids.reader],
  ['service_id', '', (s) => made(s, '/v3/services', { service: { type: freshName() } }).then((r) => r.id)],
  [
    'endpoint_id',
    '',
    (s) => made(s, '/v3/endpoints', { endpoint: { service_id: s.ids.service, interface: 'public', url: 'http://x' } }).then((r) => r.id),
  ],
  ['region_id', '', (s) => made(s, '/v3/regions', { region: { id: freshName() } }).then((r) => r.id)],
  ['policy_id', '', (s) => made(s, '/v3/policies', { policy: { blob: '{}', type: 'x' } }).then((r) => r.id)],
  ['credential_id', 'OS-EC2', (s) => own(s, '/credentials/OS-EC2', { tenant_id: s.ids.project }).then((r) => r.access)],
  [
    'credential_id',
    '',
    async (s) =>
      (await made(s, '/v3/credentials', { credential: { type: 'x', blob: freshName(), user_id: s.ids.user } }, await s.token('user'))).id,
  ],
  ['trust_id', '', trust],
  ['application_credential_id', '', (s) => application(s).then((r) => r.id)],
  [
    'access_rule_id',
    '',
    async (s) => {
      const row = await application(s, { access_rules: [{ service: 'compute', method: 'GET', path: `/${freshName()}` }] })
      await s.cloud.admin.delete(`/identity/v3/users/${s.ids.user}/application_credentials/${row.id}`)
      return row.access_rules[0].id
    },
  ],
  ['consumer_id', '', (s) => made(s, '/v3/OS-OAUTH1/consumers', { consumer: {} }).then((r) => r.id)],
  ['request_token_id', '', requestToken],
  [
    'access_token_id',
    '',
    async (s) => (await makeAccessToken(s.cloud, await s.token('user'), s.ids.project, [{ id: s.ids.member }])).token.id,
  ],
  [
    'endpoint_group_id',
    '',
    (s) =>
      made(s, '/v3/OS-EP-FILTER/endpoint_groups', { endpoint_group: { name: freshName(), filters: { interface: 'public' } } }).then(
        (r) => r.id,
      ),
  ],
  [
    'template_id',
    '',
    // Not the endpoint that stands for endpoint_id: deleted here, it would be missing there.
    async (s) => {
      const { body } = await s.cloud.admin.get('/identity/v2.0/OS-KSCATALOG/endpointTemplates')
      return String((Object.values(body)[0] as Any[]).find(({ publicURL }) => publicURL !== 'http://x').id)
    },
  ],
  ['idp_id', '', (s) => federated(s, `/identity_providers/${freshName()}`, { identity_provider: { domain_id: s.ids.domain } })],
  ['mapping_id', '', (s) => federated(s, `/mappings/${freshName()}`, { mapping: { rules: [{ remote: [{ type: 'x' }], local: [] }] } })],
  [
    'protocol_id',
    '',
    async (s) =>
      federated(s, `/identity_providers/${await s.row('/', 'idp_id')}/protocols/${freshName()}`, {
        protocol: { mapping_id: await s.row('/', 'mapping_id') },
      }),
  ],
  [
    'sp_id',
    '',
    (s) => federated(s, `/service_providers/${freshName()}`, { service_provider: { auth_url: 'http://x', sp_url: 'http://x' } }),
  ],
  ['token_id', '', async (s) => tokenOf(s.cloud, s.ids.user, { type: 'project', id: s.ids.project })],
  ['value', '', async () => 'tag'],
  ['name', '', async () => freshName()],
  ['type', '', async () => 'x'],
  ['alias', '', async () => 'OS-KSADM'],
  [
    'registered_limit_id',
    '',
    async (s) =>
      (
        await made(s, '/v3/registered_limits', {
          registered_limits: [{ service_id: s.ids.service, resource_name: freshName(), default_limit: 5 }],
        })
      )[0].id,
  ],
  [
    'limit_id',
    '',
    async (s) => {
      const resource_name = freshName()
      const service_id = s.ids.service
      await made(s, '/v3/registered_limits', { registered_limits: [{ service_id, resource_name, default_limit: 5 }] })
      return (await made(s, '/v3/limits', { limits: [{ service_id, resource_name, project_id: s.ids.project, resource_limit: 3 }] }))[0].id
    },
  ],
  ['idp_id', '', (s) => put(s, '/OS-FEDERATION/identity_providers/', { identity_provider: {} })],
  ['sp_id', '', (s) => put(s, '/OS-FEDERATION/service_providers/', { service_provider: { auth_url: 'http://x', sp_url: 'http://x' } })],
  ['mapping_id', '', (s) => put(s, '/OS-FEDERATION/mappings/', { mapping: { rules: mappingRules } })],
  [
    'protocol_id',
    '',
    async (s) =>
      put(s, `/OS-FEDERATION/identity_providers/${await s.row('/', 'idp_id')}/protocols/`, {
        protocol: { mapping_id: await s.row('/', 'mapping_id') },
      }),
  ],
  ['group', '/config', async () => 'identity'],
  ['option', '/config', async () => 'list_limit'],
]

/** What a body needs to know of the stage, where the schema cannot tell. */
const bodies: Record<string, (stage: Stage) => object> = {
  'ec2-tokens.create': () => ({ credentials: { access: 'x', signature: 'x', host: 'x', verb: 'GET', path: '/', params: {} } }),
  's3-tokens.create': () => ({ credentials: { access: 'x', signature: 'x', token: 'eA==' } }),
  'oauth1.authorize': ({ ids }) => ({ roles: [{ id: ids.member }] }),
  'registered-limits.create': ({ ids }) => ({
    registered_limits: [{ service_id: ids.service, resource_name: freshName(), default_limit: 1 }],
  }),
  'limits.create': ({ ids }) => ({ limits: [{ service_id: ids.service, resource_name: 'x', project_id: ids.project, resource_limit: 1 }] }),
  'mappings.create': () => ({ mapping: { rules: mappingRules } }),
  'mappings.update': () => ({ mapping: { rules: mappingRules } }),
  'v2.users.create': () => ({ user: { name: freshName() } }),
  'v2.users.change-password': ({ ids }) => ({ user: { password: freshName(), original_password: ids.password } }),
}

/** Path, body and headers of a request for the operation. `fresh`: on a row of its own, for what takes it away. */
export async function requestFor(stage: Stage, operation: Operation, fresh: boolean) {
  const { ids } = stage
  const segments: string[] = []
  const parts = operation.path.split('/').slice(1)
  for (const [index, part] of parts.entries()) {
    const param = /^\{(.+?)\*?\}$/.exec(part)?.[1]
    if (!param) segments.push(part)
    else if (param === 'token_id' || (fresh && operation.on?.param === param && index === parts.length - 1))
      segments.push(await stage.row(operation.path, param, true))
    else segments.push(standing(stage, operation, param) ?? (await stage.row(operation.path, param)))
  }
  const major = operation.majors?.[0] ?? 'v3'
  const known: Record<string, unknown> =
    operation.method === 'POST'
      ? {
          user_id: ids.user,
          trustor_user_id: ids.user,
          trustee_user_id: ids.trustee,
          project_id: ids.project,
          tenant_id: ids.project,
          ...(operation.id.startsWith('roles') ? {} : { domain_id: ids.domain }),
          roles: [{ id: ids.member }],
          service_id: ids.service,
          impersonation: false,
        }
      : {}
  const body = bodies[operation.id]?.(stage) ?? (operation.body ? exampleOf(operation.body, known) : undefined)
  const headers: Record<string, string> = {}
  if (operation.path.includes('/token/')) headers['x-subject-token'] = await stage.row('/', 'token_id', true)
  if (operation.on?.name === 'subject') headers['x-subject-token'] = await stage.row('/', 'token_id', true)
  return { path: `/${major}/${segments.join('/')}`, body, headers }
}

/** Rows that are there from the beginning, so that all personas stand where they should. */
function standing({ ids }: Stage, operation: Operation, param: string): string | undefined {
  if (param === 'project_id' || param === 'tenant_id') return ids.project
  if (param === 'domain_id') return ids.domain
  if (param === 'user_id') return ids.user
  // What is granted here besides can be taken back, and the personas stay who they are.
  if (param === 'role_id') return /users|groups/.test(operation.path) && !operation.path.includes('access_tokens') ? ids.reader : ids.member
  return operation.path.startsWith('/OS-EP-FILTER') && param === 'service_id' ? ids.service : undefined
}
