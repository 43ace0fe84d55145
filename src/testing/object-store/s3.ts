// Requests signed as AWS says it, written apart from the code that checks them.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import type { Config } from '../../config.ts'
import type { Persona } from '../persona.ts'
import { type TestCloud, testCloud } from '../test-cloud.ts'
import { anonymous } from './store.ts'

export const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
export const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
export const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

export interface Options {
  raw?: string | Buffer
  headers?: Record<string, string>
  access?: string
  secret?: string
  at?: number
  payload?: string
  /** The body, made from the signature of the request. */
  rawFrom?: (signature: string) => string
  /** Sent instead of what was signed. */
  sent?: { method?: string; url?: string; headers?: Record<string, string>; raw?: string }
}

/** By name, then by value, both decoded and encoded again. */
export const canonicalQuery = (search: string): string =>
  search
    .split('&')
    .filter(Boolean)
    .map((part) => part.split('=', 2).map((text) => encode(decodeURIComponent(text.replaceAll('+', ' ')))))
    .sort(([a, x = ''], [b, y = '']) => (a! < b! ? -1 : a! > b! ? 1 : x < y ? -1 : 1))
    .map(([name, value = '']) => `${name}=${value}`)
    .join('&')

/** A request signed as AWS says it, written apart from the code that checks it. */
export async function signed(cloud: TestCloud, method: string, path: string, options: Options = {}) {
  const { access = 'AKTEST', secret = 'SECRET' } = options
  let { raw = '' } = options
  const [place = '', search = ''] = `/object-store${path}`.split('?')
  const date = new Date(options.at ?? Date.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
  const headers: Record<string, string> = {
    host: new URL(cloud.url).host,
    'x-amz-date': date,
    'x-amz-content-sha256': options.payload ?? sha256(raw),
    ...options.headers,
  }
  const names = Object.keys(headers).sort()
  const query = canonicalQuery(search)
  const canonical = [
    method,
    place,
    query,
    ...names.map((n) => `${n}:${headers[n]!.trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n')
  const key = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>((k, part) => hmac(k, part), Buffer.from(`AWS4${secret}`))
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(Buffer.from(canonical, 'latin1'))}`).toString('hex')
  if (options.rawFrom) raw = options.rawFrom(signature)
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${access}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  const url = cloud.url + (options.sent?.url ?? `/object-store${path}`)
  const sentMethod = options.sent?.method ?? method
  const { host, ...rest } = { ...headers, ...options.sent?.headers }
  const body = options.sent?.raw ?? (raw === '' && sentMethod !== 'PUT' && sentMethod !== 'POST' ? undefined : raw)
  const answer = await fetch(url, { method: sentMethod, headers: rest, body })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

export const codeOf = (answer: { text: string }) => /<Code>(\w+)</.exec(answer.text)?.[1]

export const addKey = (persona: Persona, access: string, secret: string) =>
  persona.post(
    '/identity/v3/credentials',
    {
      credential: {
        type: 'ec2',
        user_id: persona.login.userId,
        project_id: persona.login.projectId,
        blob: JSON.stringify({ access, secret }),
      },
    },
    201,
  )

/** A cloud, a member with an access key, and a way to send signed requests as him. */
export async function withKey(settings: Partial<Config> = {}) {
  const cloud = await testCloud({ settings })
  const member = await cloud.as('member')
  await addKey(member, 'AKTEST', 'SECRET')
  const call = async (method: string, path: string, expected: number, options: Options = {}) => {
    const answer = await signed(cloud, method, path, options)
    assert.equal(answer.status, expected, `${method} ${path}: ${answer.text}`)
    return answer
  }
  return { cloud, member, call }
}

export type Key = Pick<Options, 'access' | 'secret'>
export const theirs: Key = { access: 'AKOTHER', secret: 'O' }
export const thirds: Key = { access: 'AKTHIRD', secret: 'T' }

/** A cloud with three projects whose members have keys; `send` sends as one of them, or, for null, as nobody. */
export async function withThree() {
  const made = await withKey()
  const { cloud } = made
  const other = await cloud.as('member', 'project-2')
  await addKey(other, theirs.access!, theirs.secret!)
  const third = await cloud.as('member', 'project-3')
  await addKey(third, thirds.access!, thirds.secret!)
  const send = async (as: Key | null, method: string, path: string, options: Options = {}) => {
    if (as) return signed(cloud, method, path, { ...options, ...as })
    return anonymous(cloud, method, `/object-store${path}`, { headers: options.headers, raw: options.raw as string })
  }
  return { ...made, other, third, send }
}
