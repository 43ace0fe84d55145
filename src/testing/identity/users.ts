// Users for tests of identity, made and logged in through the API itself.
import assert from 'node:assert/strict'
import { type Clock, systemClock } from '../../environment.ts'
import type { Answer } from '../persona.ts'
import type { TestCloud } from '../test-cloud.ts'

export type Scope = { project: { id: string } } | { domain: { id: string } } | { system: { all: true } } | 'unscoped'

export interface TestUser {
  id: string
  name: string
  password: string
  /** A new token; `expected` other than 201 gives ''. */
  login(scope?: Scope, expected?: number): Promise<string>
}

/** The machine's clock, which can be put forward; what sleeps goes on in real time. */
export function shiftedClock(): Clock & { shift(ms: number): void } {
  let offset = 0
  return {
    now: () => Date.now() + offset,
    sleep: systemClock.sleep,
    shift(ms) {
      offset += ms
    },
  }
}

let count = 0

/** A request to identity, `/v3/users`, with any token. */
export async function ask(
  cloud: TestCloud,
  token: string | null,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string>; expected?: number } = {},
): Promise<Answer> {
  const headers = {
    ...(token === null ? {} : { 'x-auth-token': token }),
    ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...options.headers,
  }
  const response = await fetch(`${cloud.url}/identity${path}`, {
    method,
    headers,
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  })
  const text = await response.text()
  if (options.expected !== undefined) assert.equal(response.status, options.expected, `${method} ${path}: ${text.slice(0, 400)}`)
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: response.headers.get('content-type')?.includes('json') && text ? JSON.parse(text) : text,
  }
}

/** Body of a request for a token by password. */
export const passwordAuth = (user: { id?: string; name?: string; domain?: object }, password: string, scope?: Scope) => ({
  auth: { identity: { methods: ['password'], password: { user: { ...user, password } } }, ...(scope ? { scope } : {}) },
})

export const tokenAuth = (id: string, scope?: Scope) => ({
  auth: { identity: { methods: ['token'], token: { id } }, ...(scope ? { scope } : {}) },
})

export async function roleId(cloud: TestCloud, name: string): Promise<string> {
  const { body } = await cloud.admin.get(`/identity/v3/roles?name=${name}`)
  return body.roles[0].id
}

/** A new user with those grants: role name and where. */
export async function makeUser(cloud: TestCloud, grants: [role: string, path: string][] = [], domain = 'default'): Promise<TestUser> {
  const name = `user-${++count}`
  const password = `password-of-${name}`
  const { body } = await cloud.admin.post('/identity/v3/users', { user: { name, password, domain_id: domain } }, 201)
  const { id } = body.user
  for (const [role, path] of grants)
    await cloud.admin.request('PUT', `/identity/v3${path}/users/${id}/roles/${await roleId(cloud, role)}`, { expected: 204 })
  return {
    id,
    name,
    password,
    async login(scope, expected = 201) {
      const answer = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: passwordAuth({ id }, password, scope), expected })
      return answer.headers.get('x-subject-token') ?? ''
    },
  }
}

export async function makeProject(cloud: TestCloud, name: string, more: object = {}): Promise<string> {
  return (await cloud.admin.post('/identity/v3/projects', { project: { name, domain_id: 'default', ...more } }, 201)).body.project.id
}

export async function makeDomain(cloud: TestCloud, name: string): Promise<string> {
  return (await cloud.admin.post('/identity/v3/domains', { domain: { name } }, 201)).body.domain.id
}
