// Sends the examples of the reference's identity chapters, with ids and names of things that there are, and compares what comes back.
import assert from 'node:assert/strict'
import type { Comparison, ReferenceOperation } from '../examples.ts'
import type { Answer } from '../persona.ts'
import type { TestCloud } from '../test-cloud.ts'
import { ask, makeDomain, makeProject, makeUser } from './users.ts'

/** What of a request is not as the harness would make it. */
export interface Special {
  /** Values of path parameters. */
  params?: Record<string, string>
  /** In place of the example's body. */
  body?: unknown
  /** Names and ids for fields of the example's body; null takes a field away. */
  fields?: Record<string, unknown>
  query?: string
  headers?: Record<string, string>
  token?: string | null
  /** Response examples to compare with, where not all. */
  examples?: number[]
  /** What is compared, where the example lacks what every answer has around it. */
  shape?(example: unknown): unknown
}

let count = 0

/** Makes one thing of each kind through the API, new at each call. */
export class Things {
  readonly cloud: TestCloud
  constructor(cloud: TestCloud) {
    this.cloud = cloud
  }

  async #make(path: string, body: object, key = Object.keys(body)[0]!): Promise<string> {
    return (await this.cloud.admin.post(`/identity${path}`, body, 201)).body[key].id
  }

  name = (kind: string) => `${kind}-${++count}`
  user = async () => (await makeUser(this.cloud)).id
  project = () => makeProject(this.cloud, this.name('project'))
  domain = async (enabled = true) => {
    const id = await makeDomain(this.cloud, this.name('domain'))
    if (!enabled) await this.cloud.admin.patch(`/identity/v3/domains/${id}`, { domain: { enabled } }, 200)
    return id
  }
  group = () => this.#make('/v3/groups', { group: { name: this.name('group'), description: 'd' } })
  role = () => this.#make('/v3/roles', { role: { name: this.name('role'), description: 'd' } })
  region = () => this.#make('/v3/regions', { region: { description: 'd' } })
  service = (type = this.name('type')) => this.#make('/v3/services', { service: { type, name: 'service', description: 'd' } })
  endpoint = async () => {
    const endpoint = {
      interface: 'public',
      url: 'http://h/v1',
      service_id: await this.service(),
      region_id: await this.region(),
      name: 'e',
    }
    return this.#make('/v3/endpoints', { endpoint })
  }
  policy = async () =>
    this.#make('/v3/policies', {
      policy: { type: 'application/json', blob: { foobar_user: ['role:b'] }, project_id: await this.project(), user_id: await this.user() },
    })
  credential = async () => {
    const [user_id, project_id] = [await this.user(), await this.project()]
    const blob = JSON.stringify({ access: `a${++count}`, secret: 'secretKey' })
    return this.#make('/v3/credentials', { credential: { type: 'ec2', blob, user_id, project_id } })
  }
  consumer = () => this.#make('/v3/OS-OAUTH1/consumers', { consumer: { description: 'd' } })

  /** A new thing for a parameter of that name; undefined where the name tells none. */
  async forParameter(parameter: string, operation: ReferenceOperation): Promise<string | undefined> {
    const kind = parameter.replace(/_?id$/i, '')
    if (kind === 'tenant') return this.project()
    // A domain must be disabled before it goes.
    if (kind === 'domain') return this.domain(operation.path !== '/v3/domains/{domain_id}' || operation.method !== 'DELETE')
    const makers = this as unknown as Record<string, (() => Promise<string>) | undefined>
    return makers[kind]?.()
  }
}

/** Sends the examples of all operations in turn; `special` has what differs, by the last part of the operation's id. */
export async function replay(
  things: Things,
  operations: ReferenceOperation[],
  comparison: Comparison,
  special: Record<string, (operation: ReferenceOperation) => Promise<Special | Special[] | null>>,
): Promise<void> {
  for (const operation of operations) {
    const short = operation.id.split('.').at(-1)!
    const key = [operation.section, short].find((name) => special[name])
    const found = key === undefined ? {} : await special[key]!(operation)
    if (found === null) continue
    for (const one of [found].flat()) {
      const answer = await send(things, operation, one)
      const examples = operation.responses.filter(({ format, doubtful }, index) => {
        return format === 'json' && !doubtful && (one.examples?.includes(index) ?? true)
      })
      if (!examples.length) comparison.add(operation, answer, null)
      for (const example of examples) comparison.add(operation, answer, one.shape ? one.shape(example.value) : example.value)
    }
  }
}

/** The example with names and ids that exist: strings and lists of the same name are replaced wherever they stand. */
function fitted(value: unknown, fields: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((part) => fitted(part, fields))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => {
      if (!Object.hasOwn(fields, name)) return [[name, fitted(part, fields)]]
      return fields[name] === null ? [] : [[name, fields[name]]]
    }),
  )
}

async function send(things: Things, operation: ReferenceOperation, special: Special): Promise<Answer> {
  const { cloud } = things
  const { params = {}, fields = {}, headers, query = '' } = special
  const token = special.token === undefined ? await cloud.admin.token() : special.token
  let path = operation.path
  for (const [whole, name] of operation.path.matchAll(/\{([^}]+)\}/g)) {
    const value = params[name!] ?? (await things.forParameter(name!, operation))
    assert.ok(value !== undefined, `${operation.id}: no value for ${whole}`)
    path = path.replace(whole, encodeURIComponent(value))
  }
  // What is taken away or checked was given before; a list has something in it.
  const isGrant = /\/(?:users|groups)\/[^/]+\/roles\/[^/]+(?:\/inherited_to_projects)?$|\/groups\/[^/]+\/users\/[^/]+$/.test(path)
  if (isGrant && path.startsWith('/v3') && ['HEAD', 'DELETE'].includes(operation.method))
    await ask(cloud, token, 'PUT', path, { expected: 204 })
  const list = /^(\/v3\/.*\/roles)(\/inherited_to_projects)?$/.exec(path)
  if (list && operation.method === 'GET' && !path.includes('OAUTH1')) {
    const role = (await cloud.admin.post('/identity/v3/roles', { role: { name: `role ${++count}` } }, 201)).body.role.id
    await ask(cloud, token, 'PUT', `${list[1]}/${role}${list[2] ?? ''}`, { expected: 204 })
  }
  const example = operation.requests.find(({ format }) => format === 'json')?.value
  const body = special.body === undefined ? (example === undefined ? undefined : fitted(example, fields)) : special.body
  return ask(cloud, token, operation.method, path + query, { body, headers })
}
