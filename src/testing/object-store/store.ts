// What the tests of this service share.
import { strictEqual } from 'node:assert/strict'
import type { Answer, Persona } from '../persona.ts'
import type { TestCloud } from '../test-cloud.ts'

type Options = NonNullable<Parameters<Persona['request']>[2]>

/** Path of a persona's account, `/object-store/v1/AUTH_...`. */
export const accountOf = async (persona: Persona) => `/object-store/v1/AUTH_${await persona.projectId()}`

/** A request without a token. */
export async function anonymous(cloud: TestCloud, method: string, path: string, options: Options = {}): Promise<Answer> {
  const response = await fetch(cloud.url + path, { method, headers: options.headers, body: options.raw, redirect: 'manual' })
  const text = await response.text()
  if (options.expected !== undefined) strictEqual(response.status, options.expected, `${method} ${path}: ${text.slice(0, 400)}`)
  const body = response.headers.get('content-type')?.includes('json') && text ? JSON.parse(text) : text
  return { status: response.status, headers: response.headers, body, text }
}

/** A member with a container of that name; `at` gives paths below the container, `call` sends requests to them. */
export async function withContainer(cloud: TestCloud, name = 'things', headers: Record<string, string> = {}) {
  const member = await cloud.as('member')
  const account = await accountOf(member)
  await member.request('PUT', `${account}/${name}`, { headers, expected: 201 })
  const at = (path: string) => `${account}/${name}${path ? `/${path}` : ''}`
  const call = (method: string, path: string, expected: number, options: Options = {}) =>
    member.request(method, at(path), { ...options, expected })
  return { member, account, at, call }
}

/** A token of an application credential of that user, bound by rules like `GET /container/**` in his account. */
export async function boundToken(user: Persona, rules: string[]): Promise<string> {
  const path = `/v1/AUTH_${await user.projectId()}`
  const access_rules = rules.map((rule) => {
    const [method, below] = rule.split(' ')
    return { service: 'object-store', method, path: path + below }
  })
  const { token } = (await user.request('GET', '/identity/v3/auth/tokens', { headers: { 'x-subject-token': await user.token() } })).body
  const made = await user.request('POST', `/identity/v3/users/${token.user.id}/application_credentials`, {
    body: { application_credential: { name: 'bound', access_rules } },
    expected: 201,
  })
  const { id, secret } = made.body.application_credential
  const identity = { methods: ['application_credential'], application_credential: { id, secret } }
  const login = await user.request('POST', '/identity/v3/auth/tokens', { body: { auth: { identity } }, expected: 201 })
  return login.headers.get('x-subject-token')!
}
