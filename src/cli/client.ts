// A small client of the public APIs, for the commands that need one and for the demo: finds services by the catalog.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { UserError } from '../config.ts'

export interface Credentials {
  authUrl: string
  username: string
  password: string
  projectName: string
  userDomain: string
  projectDomain: string
  region?: string
}

export interface Answer<T> {
  status: number
  headers: Headers
  body: T
}

export interface Client {
  projectId: string
  /** Address of a service by its catalog type: `compute`. Throws UserError when the catalog lacks it. */
  endpoint(type: string): string
  /** Sends JSON (a stream or bytes as they are) and gives the JSON answer. Throws UserError with the service's message from 400 on. */
  request<T = unknown>(method: string, type: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>
}

/** From OS_* variables when OS_AUTH_URL is set, else from the cloud `name` in clouds.yaml of the data folder. */
export function findCredentials(dataDir: string, env: Record<string, string | undefined> = process.env, name = 'nephos'): Credentials {
  if (env.OS_AUTH_URL) {
    return {
      authUrl: env.OS_AUTH_URL,
      username: env.OS_USERNAME ?? 'admin',
      password: env.OS_PASSWORD ?? '',
      projectName: env.OS_PROJECT_NAME ?? env.OS_TENANT_NAME ?? 'admin',
      userDomain: env.OS_USER_DOMAIN_NAME ?? 'Default',
      projectDomain: env.OS_PROJECT_DOMAIN_NAME ?? 'Default',
      region: env.OS_REGION_NAME,
    }
  }
  const path = join(dataDir, 'clouds.yaml')
  if (!existsSync(path)) throw new UserError(`There is no ${path} and OS_AUTH_URL is not set: start the cloud, or name one.`)
  const { clouds } = parse(readFileSync(path, 'utf8')) as { clouds: Record<string, { region_name?: string; auth: Record<string, string> }> }
  const cloud = clouds[name]
  if (!cloud) throw new UserError(`${path} holds no cloud ${name}.`)
  const { auth } = cloud
  return {
    authUrl: auth.auth_url!,
    username: auth.username!,
    password: auth.password!,
    projectName: auth.project_name!,
    userDomain: auth.user_domain_name ?? 'Default',
    projectDomain: auth.project_domain_name ?? 'Default',
    region: cloud.region_name,
  }
}

interface TokenBody {
  token: {
    project: { id: string }
    catalog: { type: string; endpoints: { interface: string; region: string; url: string }[] }[]
  }
}

/** Asks for a token scoped to the project. */
export async function connectClient(credentials: Credentials): Promise<Client> {
  const { authUrl, username, password, projectName, userDomain, projectDomain } = credentials
  const base = `${authUrl.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3`
  const { headers, body } = await send<TokenBody>('POST', `${base}/auth/tokens`, {
    auth: {
      identity: { methods: ['password'], password: { user: { name: username, password, domain: { name: userDomain } } } },
      scope: { project: { name: projectName, domain: { name: projectDomain } } },
    },
  })
  const token = headers.get('x-subject-token') ?? ''
  const endpoint = (type: string): string => {
    const endpoints = body.token.catalog.find((service) => service.type === type)?.endpoints.filter((e) => e.interface === 'public') ?? []
    const found = endpoints.find((e) => !credentials.region || e.region === credentials.region) ?? endpoints[0]
    if (!found) throw new UserError(`The catalog of this cloud has no ${type} service.`)
    return found.url.replace(/\/+$/, '')
  }
  return {
    projectId: body.token.project.id,
    endpoint,
    request: (method, type, path, content, more) => send(method, endpoint(type) + path, content, { 'x-auth-token': token, ...more }),
  }
}

async function send<T>(method: string, url: string, content?: unknown, more: Record<string, string> = {}): Promise<Answer<T>> {
  const raw = content instanceof ReadableStream || Buffer.isBuffer(content)
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(content !== undefined && !raw && { 'content-type': 'application/json' }),
    ...more,
  }
  const body = content === undefined ? undefined : raw ? content : JSON.stringify(content)
  const init = { method, headers, body, ...(content instanceof ReadableStream && { duplex: 'half' }) }
  let response: Response
  try {
    response = await fetch(url, init as RequestInit)
  } catch (error) {
    const cause = (error as Error).cause as Error | undefined
    throw new UserError(`${new URL(url).origin} does not answer: ${cause?.message || (error as Error).message}`)
  }
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') && text
  const answer = (isJson ? JSON.parse(text) : text) as T
  if (response.status >= 400)
    throw new ApiError(`${method} ${new URL(url).pathname}: ${response.status} ${messageOf(answer)}`, response.status)
  return { status: response.status, headers: response.headers, body: answer }
}

export class ApiError extends UserError {
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/** The message in any service's fault envelope. */
function messageOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return String(answer).slice(0, 300)
  const inner = Object.values(answer)[0] as { message?: unknown } | undefined
  return typeof inner === 'object' && typeof inner?.message === 'string' ? inner.message : JSON.stringify(answer).slice(0, 300)
}
