// Somebody who uses the cloud over HTTP, with a token got by password.
import assert from 'node:assert/strict'
import { hashPassword } from '../auth/passwords.ts'
import { newProject, newUser } from '../auth/rows.ts'
import { changeGeneration } from '../auth/store.ts'
import type { Cloud } from '../cloud.ts'

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  body: any
  text: string
}

interface Login {
  name: string
  password: string
  project: string
  projectId?: string
  userId?: string
}

export class Persona {
  readonly #url: () => string
  readonly login: Login
  #token: string | null = null
  #projectId: string | null = null
  /** Sent with each request: microversion headers. */
  headers: Record<string, string> = {}

  constructor(url: () => string, login: Login) {
    this.#url = url
    this.login = login
  }

  /** Makes the user, the project where it is missing, and the assignment, straight in the store. */
  static async make(cloud: Cloud, url: () => string, role: string, project: string): Promise<Persona> {
    const { environment, database } = cloud
    const created_at = new Date(environment.clock.now()).toISOString()
    const name = `${role}-${project}`
    const password_hash = await hashPassword(name, cloud.config.passwordCost, environment.random)
    const ids = await database.write(async ({ db }) => {
      let row = await db
        .selectFrom('identity_projects')
        .select('id')
        .where('name', '=', project)
        .where('domain_id', '=', 'default')
        .executeTakeFirst()
      if (!row) {
        row = { id: environment.hexId() }
        await db
          .insertInto('identity_projects')
          .values(newProject({ id: row.id, name: project, created_at }))
          .execute()
      }
      const userId = environment.hexId()
      await db
        .insertInto('identity_users')
        .values(newUser({ id: userId, name, password_hash, created_at }))
        .execute()
      const found = await db
        .selectFrom('identity_roles')
        .select('id')
        .where('name', '=', role)
        .where('domain_id', '=', '')
        .executeTakeFirstOrThrow()
      await db
        .insertInto('identity_assignments')
        .values({ actor_type: 'user', actor_id: userId, target_type: 'project', target_id: row.id, role_id: found.id })
        .execute()
      await changeGeneration(db)
      return { projectId: row.id, userId }
    })
    return new Persona(url, { name, password: name, project, ...ids })
  }

  async token(): Promise<string> {
    if (this.#token) return this.#token
    const { name, password, project } = this.login
    const domain = { id: 'default' }
    const answer = await fetch(`${this.#url()}/identity/v3/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: { methods: ['password'], password: { user: { name, domain, password } } },
          scope: { project: { name: project, domain } },
        },
      }),
    })
    assert.equal(answer.status, 201, await answer.clone().text())
    this.#token = answer.headers.get('x-subject-token')!
    this.#projectId = ((await answer.json()) as { token: { project: { id: string } } }).token.project.id
    return this.#token
  }

  async projectId(): Promise<string> {
    await this.token()
    return this.#projectId!
  }

  /** A request to `/SERVICE/PATH`, `/compute/v2.1/servers`; `expected` is asserted when given. */
  async request(
    method: string,
    path: string,
    options: { body?: unknown; raw?: string | Buffer; headers?: Record<string, string>; expected?: number } = {},
  ): Promise<Answer> {
    const headers: Record<string, string> = { 'x-auth-token': await this.token(), ...this.headers }
    if (options.body !== undefined) headers['content-type'] = 'application/json'
    Object.assign(headers, options.headers)
    const response = await fetch(this.#url() + path, {
      method,
      headers,
      body: options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      redirect: 'manual',
    })
    const text = await response.text()
    let body: unknown = text
    if (response.headers.get('content-type')?.includes('json') && text) body = JSON.parse(text)
    if (options.expected !== undefined) assert.equal(response.status, options.expected, `${method} ${path}: ${text.slice(0, 600)}`)
    return { status: response.status, headers: response.headers, body, text }
  }

  get = (path: string, expected = 200) => this.request('GET', path, { expected })
  post = (path: string, body: unknown, expected?: number) => this.request('POST', path, { body, expected })
  put = (path: string, body: unknown, expected?: number) => this.request('PUT', path, { body, expected })
  patch = (path: string, body: unknown, expected?: number) => this.request('PATCH', path, { body, expected })
  delete = (path: string, expected = 204) => this.request('DELETE', path, { expected })
}
