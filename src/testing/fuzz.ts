// Requests that nobody would send by mistake, made from the declarations: same seed, same requests.
import type { Operation } from '../api/operation.ts'

export interface Dice {
  /** A whole number from 0 to `below` - 1. */
  roll(below: number): number
  pick<T>(from: readonly T[]): T
  /** True with that probability. */
  chance(probability: number): boolean
}

/** mulberry32. */
export function dice(seed: number): Dice {
  let state = seed >>> 0
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const roll = (below: number) => Math.floor(float() * below)
  return { roll, pick: (from) => from[roll(from.length)]!, chance: (probability) => float() < probability }
}

/** Texts that broke somebody's service before. */
const oddTexts = [
  '', ' ', '.', '..', '*', '%', '%zz', '%00', '%2e%2e%2f', "'", '"', '\\', '<script>', '{{x}}', '0', '-1', '-40', '1e9', '0x10', '2000000',
  '99999999999999999999', 'NaN', 'null', 'true', 'None', 'all', 'default', 'admin', 'ä\u2028é', '🦊', 'a'.repeat(300), '::1', '0.0.0.0/0', '10.0.0.0/8',
  'fe80::/10', '2001:db8::/129', '1.2.3.4/33', 'http://127.0.0.1:1/', 'file:///etc/passwd', '2026-11-30T00:00:00Z', '9999-99-99', 'in:', 'in:a,b',
  'gte:', 'a=b', 'a:b', 'a,b', 'eth0; reboot', '__proto__', 'constructor', 'toString', 'hasOwnProperty', "' or 1=1 --", '[]', '{}', '00000000-0000-0000-0000-000000000000',
] // biome-ignore format: a list of texts
const oddValues: unknown[] = [null, true, false, 0, -1, 1, 1.5, -0, 2 ** 31, 2 ** 53, 1e308, [], {}, [[]], [null], { a: {} }, [{}, {}]]

interface Schema {
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  type?: string | string[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  minimum?: number
  maximum?: number
  minItems?: number
  pattern?: string
  format?: string
}

/** Values for a schema: mostly such as it asks for, ids and addresses of others among them, now and then anything. `known`: texts that mean something. */
export function valueFor(schema: Schema, die: Dice, known: readonly string[], oddness = 0.06, depth = 0): unknown {
  if (die.chance(oddness)) return die.chance(0.5) ? die.pick(oddTexts) : die.pick(oddValues)
  const more = (part: Schema) => valueFor(part, die, known, oddness, depth + 1)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return die.pick(schema.enum)
  const choice = schema.anyOf ?? schema.oneOf
  if (choice) return more(die.pick(choice))
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map(more))
  const type = Array.isArray(schema.type) ? die.pick(schema.type) : (schema.type ?? (schema.properties ? 'object' : 'string'))
  if (type === 'object') {
    const made: Record<string, unknown> = {}
    for (const [name, part] of Object.entries(schema.properties ?? {}))
      if (schema.required?.includes(name) ? !die.chance(oddness / 2) : die.chance(depth > 4 ? 0.1 : 0.4)) made[name] = more(part)
    if (schema.patternProperties || !schema.properties) made[die.pick(['a', 'key', ...oddTexts])] = die.pick(oddTexts)
    // Names that policy may look at, and that the schema may not know.
    if (die.chance(oddness))
      made[die.pick(['project_id', 'tenant_id', 'user_id', 'owner', 'id', 'status', 'is_admin', 'target'])] = die.pick(known)
    return made
  }
  if (type === 'array') return Array.from({ length: die.pick([schema.minItems ?? 0, 1, 1, 2, 3]) }, () => more(schema.items ?? {}))
  if (type === 'integer' || type === 'number') {
    const [least, most] = [schema.minimum ?? -2, schema.maximum ?? 2000]
    return die.pick([least, Math.min(most, least + 1), most, least - 1, most + 1, die.roll(10)])
  }
  if (type === 'boolean') return die.chance(0.5)
  if (type === 'null') return null
  if (schema.format?.includes('date')) return die.pick(['2026-11-30T00:00:00Z', '2100-01-01T00:00:00Z', ...oddTexts])
  return die.chance(0.7) ? die.pick(known) : die.pick(oddTexts)
}

export interface FuzzedRequest {
  method: string
  path: string
  body: string | undefined
  headers: Record<string, string>
}

const encoded = (text: string, die: Dice) => (die.chance(0.03) ? text.replace(/[^\x21-\x7e]|[#?]/g, '') : encodeURIComponent(text))
const someHeaders = [
  'x-project-id',
  'x-user-id',
  'x-roles',
  'x-tenant-id',
  'x-forwarded-for',
  'x-identity-status',
  'openstack-api-version',
  'range',
  'if-match',
  'accept',
]

/** A request to an operation. `root`: what stands before its path; `known`: ids and names that mean something. */
export function requestFor(
  operation: Operation,
  root: string,
  die: Dice,
  known: readonly string[],
  versions: readonly string[],
): FuzzedRequest {
  const text = () => (die.chance(0.9) ? die.pick(known) : die.pick(oddTexts))
  const path = operation.path.replace(/\{[^}]+\}/g, () => encoded(text(), die) || 'x')
  const query = new URLSearchParams()
  const declared = (operation.query as Schema | undefined)?.properties ?? {}
  for (const [name, part] of Object.entries(declared)) if (die.chance(0.2)) query.append(name, String(valueFor(part, die, known)))
  for (const name of ['all_tenants', 'project_id', 'tenant_id', 'owner', 'user_id', 'marker', 'limit', 'sort_key', 'fields', 'id', 'name'])
    if (die.chance(0.04)) query.append(name, name === 'all_tenants' || name === 'limit' ? die.pick(['1', '0', '-1', 'x']) : text())
  const headers: Record<string, string> = {}
  for (const name of someHeaders) if (die.chance(0.03)) headers[name] = die.pick(known).replace(/[^\x20-\x7e]/g, 'x')
  const version = die.pick(versions)
  if (version) headers['openstack-api-version'] = version
  let body: string | undefined
  if (operation.body || operation.action || (operation.method !== 'GET' && die.chance(0.1))) {
    const oddness = die.pick([0, 0, 0.05, 0.2])
    let value = operation.body
      ? valueFor(operation.body as Schema, die, known, oddness)
      : { [operation.action ?? 'x']: die.pick(oddValues) }
    if (operation.action && (value === null || typeof value !== 'object' || !(operation.action in value)))
      value = { [operation.action]: value }
    body = JSON.stringify(value)
    headers['content-type'] = operation.mediaTypes && die.chance(0.9) ? die.pick(operation.mediaTypes) : 'application/json'
  }
  const search = query.size ? `?${query}` : ''
  return { method: operation.method, path: `${root}${path}${search}`, body, headers }
}

/** Bytes for a port that speaks HTTP: requests with pieces missing, doubled, cut or replaced. */
export function rawRequest(die: Dice, paths: readonly string[]): Buffer {
  const garbage = (length: number) => Buffer.from(Array.from({ length }, () => die.roll(256)))
  if (die.chance(0.1)) return garbage(die.pick([1, 10, 1000, 40_000]))
  const method = die.pick(['GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'COPY', 'CONNECT', 'TRACE', 'PRI', 'get', 'G\0T'])
  const target = die.pick([
    ...paths,
    '/',
    '//',
    '///',
    '*',
    '',
    '#',
    '/#',
    '/%',
    '/%zz',
    '/%00',
    '/\u00ff',
    'http://x/',
    'x',
    '/?',
    '/??&=&',
    `/${'a'.repeat(9000)}`,
    '/..',
    '/.',
    '\\',
  ])
  const version = die.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''])
  const header = () =>
    die.pick([
      'Host: x', 'Host: x', 'Host:', 'Host: a\r\nHost: b', 'Connection: close', 'Connection: Upgrade\r\nUpgrade: websocket', 'Upgrade: h2c',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13', 'Content-Length: 3', 'Content-Length: 30',
      'Content-Length: -1', 'Content-Length: 3\r\nContent-Length: 4', 'Transfer-Encoding: chunked', 'Transfer-Encoding: gzip, chunked', 'Expect: 100-continue',
      'Expect: x', 'X-Auth-Token: x', `X-Long: ${'x'.repeat(20_000)}`, ': x', 'No colon', 'X-A:\x01', 'Origin: null', 'Origin: ::', 'Cookie: token=x',
      'Content-Type: application/json', 'Content-Type: multipart/form-data; boundary=', 'Range: bytes=9-1', 'Authorization: AWS4-HMAC-SHA256 x', 'Authorization: Negotiate',
      'Sec-WebSocket-Protocol: binary, , x', 'X-Forwarded-Proto: https', 'Trailer: x',
    ]) // biome-ignore format: a list of texts
  const body = die.pick([
    '',
    '',
    'abc',
    '{',
    '{}',
    '3\r\nabc\r\n0\r\n\r\n',
    'zz\r\n',
    'ffffffffffffffff\r\n',
    '<!DOCTYPE a [<!ENTITY b "c">]><a/>',
  ])
  const lines = [`${method} ${target} ${version}`, ...Array.from({ length: die.roll(6) }, header)]
  const bytes = Buffer.from(`${lines.join(die.chance(0.95) ? '\r\n' : '\n')}\r\n\r\n${body}`, 'latin1')
  if (die.chance(0.1)) return Buffer.concat([bytes.subarray(0, die.roll(bytes.length)), garbage(die.roll(50))])
  if (die.chance(0.2)) return bytes.subarray(0, die.roll(bytes.length))
  return die.chance(0.1) ? Buffer.concat([bytes, bytes]) : bytes
}
