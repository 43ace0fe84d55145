// The personas of the tests of who may do what: users with a role somewhere, and their tokens. All rows that they are tried on belong to one
// project of one domain, and where it matters to one user of it; whoever stands elsewhere is a stranger there.
import assert from 'node:assert/strict'
import type { Scope } from '../auth/tokens.ts'
import { makeDomain, makeProject, makeUser } from './identity/users.ts'
import type { TestCloud } from './test-cloud.ts'

/** `user` is who owns what belongs to a user; `nobody yet` has a token without a scope, `nobody` has none. */
export const personas = [
  'admin',
  'admin of the system',
  'admin of the domain',
  'admin of another domain',
  'reader of the system',
  'manager of the domain',
  'reader of the domain',
  'manager of another domain',
  'manager of the project',
  'member of the project',
  'reader of the project',
  'user',
  'member of another project',
  'member of another domain',
  'service',
  'nobody yet',
  'nobody',
] as const
export type PersonaName = (typeof personas)[number]

export interface Personas {
  domain: string
  project: string
  /** Of the same domain. */
  otherProject: string
  user: { id: string; password: string }
  /** A token of that persona; a change of the user by somebody else ends those of before. */
  token(name: PersonaName): Promise<string | null>
}

/** Those with a token for a domain: it reaches nothing of a project, whatever its roles. */
export const ofDomains: readonly PersonaName[] = [
  'admin of the domain',
  'admin of another domain',
  'manager of the domain',
  'reader of the domain',
  'manager of another domain',
]
export const admins: readonly PersonaName[] = ['admin', 'admin of the system']
/** Who may change what is the project's, and who may read it. */
export const members: readonly PersonaName[] = [...admins, 'manager of the project', 'member of the project', 'user']
export const readers: readonly PersonaName[] = [...members, 'reader of the project']
/** Those who have nothing to do with the project, but have one of their own. */
export const strangers: readonly PersonaName[] = ['member of another project', 'member of another domain']
/** Who has a token that is not for a domain. */
export const everybody: readonly PersonaName[] = personas.filter((name) => name !== 'nobody' && !ofDomains.includes(name))

/** A token without a login: what a login would give. */
export async function tokenOf(cloud: TestCloud, userId: string, scope: Scope): Promise<string> {
  const { tokens, database } = cloud.cloud
  const user = await database.read.selectFrom('identity_users').select('token_epoch').where('id', '=', userId).executeTakeFirstOrThrow()
  return tokens.issue({ userId, epoch: user.token_epoch, methods: ['password'], scope }).token
}

/** A request of a persona, `/compute/v2.1/servers`, that must succeed; gives the body. */
export async function asked(
  cloud: TestCloud,
  token: string,
  method: string,
  path: string,
  body?: object | string,
  more: Record<string, string> = {},
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
): Promise<any> {
  const headers = { 'x-auth-token': token, 'content-type': 'application/json', ...more }
  const answer = await fetch(cloud.url + path, { method, headers, body: typeof body === 'object' ? JSON.stringify(body) : body })
  const text = await answer.text()
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text.slice(0, 400)}`)
  return text ? JSON.parse(text) : undefined
}

let count = 0
const next = () => `persona-${++count}`

type Standing = Exclude<PersonaName, 'nobody yet' | 'nobody'>

/** In a domain of its own, or in the default one, which is all that older versions know. */
export async function makePersonas(cloud: TestCloud, home?: 'default'): Promise<Personas> {
  const domain = home ?? (await makeDomain(cloud, next()))
  const elsewhere = await makeDomain(cloud, next())
  const project = await makeProject(cloud, next(), { domain_id: domain, tags: ['tag'] })
  const otherProject = await makeProject(cloud, next(), { domain_id: domain })
  const farProject = await makeProject(cloud, next(), { domain_id: elsewhere })
  const services = await makeProject(cloud, next())
  const inProject = (role: string, id = project, of = domain) => ({
    role,
    path: `/projects/${id}`,
    scope: { type: 'project', id } as Scope,
    of,
  })
  const inDomain = (role: string, id = domain) => ({ role, path: `/domains/${id}`, scope: { type: 'domain', id } as Scope, of: id })
  const inSystem = (role: string) => ({ role, path: '/system', scope: { type: 'system' } as Scope, of: domain })
  const places: Record<Standing, ReturnType<typeof inProject>> = {
    admin: inProject('admin', services, 'default'),
    'admin of the system': inSystem('admin'),
    'admin of the domain': inDomain('admin'),
    'admin of another domain': inDomain('admin', elsewhere),
    'reader of the system': inSystem('reader'),
    'manager of the domain': inDomain('manager'),
    'reader of the domain': inDomain('reader'),
    'manager of another domain': inDomain('manager', elsewhere),
    'manager of the project': inProject('manager'),
    'member of the project': inProject('member'),
    'reader of the project': inProject('reader'),
    user: inProject('member'),
    'member of another project': inProject('member', otherProject),
    'member of another domain': inProject('member', farProject, elsewhere),
    service: inProject('service', services, 'default'),
  }
  const users = new Map<PersonaName, { id: string; password: string; scope: Scope }>()
  for (const [name, { role, path, scope, of }] of Object.entries(places))
    users.set(name as PersonaName, { ...(await makeUser(cloud, [[role, path]], of)), scope })
  users.set('nobody yet', { ...(await makeUser(cloud)), scope: { type: 'none' } })
  const tokens = new Map<PersonaName, string>()
  for (const [name, { id, scope }] of users) tokens.set(name, await tokenOf(cloud, id, scope))
  const { id, password, scope } = users.get('user')!
  return {
    domain,
    project,
    otherProject,
    user: { id, password },
    token: async (name) => (name === 'user' ? tokenOf(cloud, id, scope) : (tokens.get(name) ?? null)),
  }
}
