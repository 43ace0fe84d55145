// What the benchmarks need of the API: a login and JSON calls over kept connections.
import http from 'node:http'

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

// biome-ignore lint/suspicious/noExplicitAny: answers of any operation
export type Json = any

export function call(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<{ status: number; headers: http.IncomingHttpHeaders; json: Json }> {
  return new Promise((resolve, reject) => {
    const raw = Buffer.isBuffer(body) ? body : body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json'
    const request = http.request(
      url,
      { method, agent, headers: { ...headers, ...(raw ? { 'content-type': type, 'content-length': String(raw.length) } : {}) } },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (answer.statusCode! >= 400) return reject(new Error(`${method} ${url}: ${answer.statusCode} ${text.slice(0, 300)}`))
          resolve({ status: answer.statusCode!, headers: answer.headers, json: text.startsWith('{') ? JSON.parse(text) : text })
        })
      },
    )
    request.on('error', reject)
    request.end(raw)
  })
}

export interface Session {
  token: string
  projectId: string
  url(type: string): string
  call(method: string, type: string, path: string, body?: unknown): Promise<Json>
}

export const passwordBody = (user: string, password: string, project: string) => ({
  auth: {
    identity: { methods: ['password'], password: { user: { name: user, domain: { id: 'default' }, password } } },
    scope: { project: { name: project, domain: { id: 'default' } } },
  },
})

export async function login(authUrl: string, user: string, password: string, project: string): Promise<Session> {
  const { headers, json } = await call('POST', `${authUrl}/auth/tokens`, {}, passwordBody(user, password, project))
  const token = headers['x-subject-token'] as string
  const urls = new Map<string, string>()
  for (const service of json.token.catalog) urls.set(service.type, service.endpoints.find((e: Json) => e.interface === 'public').url)
  const url = (type: string) => urls.get(type)!
  return {
    token,
    projectId: json.token.project.id,
    url,
    call: async (method, type, path, body) => (await call(method, url(type) + path, { 'x-auth-token': token }, body)).json,
  }
}
