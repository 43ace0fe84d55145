// Signatures of requests by a secret key, versions 2 and 4, as EC2 and S3 clients make them. Versions 0 and 1 do not cover the
// whole request and are refused.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface SignedRequest {
  access: string
  signature: string
  host: string
  verb: string
  path: string
  params: Record<string, string>
  headers: Record<string, string>
  body_hash?: string
}

const hmac = (key: string | Buffer, text: string, algorithm = 'sha256') => createHmac(algorithm, key).update(text).digest()
const quoted = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const canonicalQuery = (params: Record<string, string>) =>
  Object.keys(params)
    .filter((name) => name !== 'Signature' && name !== 'X-Amz-Signature')
    .sort()
    .map((name) => `${quoted(name)}=${quoted(params[name]!)}`)
    .join('&')

/** The key that signs for one day, region and service. */
export function signingKey(secret: string, scope: string[]): Buffer {
  let key: Buffer = Buffer.from(`AWS4${secret}`)
  for (const part of scope) key = hmac(key, part)
  return key
}

/** `20261121T120000Z`. NaN for anything else. */
export const basicTime = (text: string): number =>
  Date.parse(/^\d{8}T\d{6}Z$/.test(text) ? text.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z') : '')

interface V4 {
  credential: string[]
  signedHeaders: string
  time: string
}

/** Where version 4 keeps its parts: in the Authorization header, or in the query. null when it is none. */
function v4Parts({ headers, params }: SignedRequest): V4 | null {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const authorization = lower.get('authorization')
  const part = (name: string) =>
    authorization === undefined ? params[`X-Amz-${name}`] : new RegExp(`[ ,]${name}=([^, ]+)`).exec(authorization)?.[1]
  if (!(authorization ?? params['X-Amz-Algorithm'])?.startsWith('AWS4-HMAC-SHA256')) return null
  const [credential, signedHeaders, time] = [part('Credential'), part('SignedHeaders'), lower.get('x-amz-date') ?? params['X-Amz-Date']]
  if (!credential || !signedHeaders || !time) return null
  return { credential: credential.split('/'), signedHeaders, time }
}

function signature4(secret: string, request: SignedRequest, host: string, { credential, signedHeaders, time }: V4): string {
  const [, date = '', region = '', service = '', end = ''] = credential
  const lower = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase().trim(), value.trim()]))
  lower.set('host', host)
  const headers = signedHeaders
    .split(';')
    .filter((name) => lower.has(name))
    .map((name) => `${name}:${lower.get(name)}\n`)
  // The parameters of a POST are in its body, which its hash covers.
  const query = request.verb.toUpperCase() === 'POST' ? '' : canonicalQuery(request.params)
  const canonical = [request.verb.toUpperCase(), request.path, query, headers.join(''), signedHeaders, request.body_hash ?? ''].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', time, `${date}/${region}/${service}/${end}`, digest].join('\n')
  return createHmac('sha256', signingKey(secret, [date, region, service, end]))
    .update(text)
    .digest('hex')
}

function signature2(secret: string, request: SignedRequest, host: string): string {
  const algorithm = request.params.SignatureMethod === 'HmacSHA1' ? 'sha1' : 'sha256'
  const params = { SignatureMethod: 'HmacSHA256', ...request.params }
  return hmac(secret, `${request.verb.toUpperCase()}\n${host}\n${request.path}\n${canonicalQuery(params)}`, algorithm).toString('base64')
}

/** When the request says that it was signed (milliseconds); NaN when it does not, so that it is never in time. */
export function signedAt(request: SignedRequest): number {
  const v4 = v4Parts(request)
  if (v4) return v4.credential[1] !== undefined && v4.time.startsWith(v4.credential[1]) ? basicTime(v4.time) : Number.NaN
  const { Timestamp: time = '' } = request.params
  // Date.parse alone finds a time in nearly every text.
  const zone = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(time)
  return zone ? Date.parse(zone[1] === undefined ? `${time}Z` : time) : Number.NaN
}

/** True when the secret made the signature. A presigned S3 address, which others may hold, proves nothing here. */
export function isSigned(secret: string, request: SignedRequest): boolean {
  // Some clients leave the port out of what they sign.
  const hosts = [...new Set([request.host, request.host.replace(/:\d+$/, '')])]
  const v4 = v4Parts(request)
  if (v4) {
    if (v4.credential.length !== 5 || v4.credential[0] !== request.access || v4.credential[4] !== 'aws4_request') return false
    if (v4.credential[3] === 's3' || request.params['X-Amz-Expires'] !== undefined) return false
    if (!v4.signedHeaders.split(';').includes('host')) return false
    return hosts.some((host) => same(signature4(secret, request, host, v4), request.signature))
  }
  if (request.params.SignatureVersion !== '2') return false
  if (request.params.AWSAccessKeyId !== undefined && request.params.AWSAccessKeyId !== request.access) return false
  return hosts.some((host) => same(signature2(secret, request, host), request.signature))
}

/** `Mon, 30 Nov 2026 12:00:00 GMT`, as old clients of S3 write it also with a zone. */
const httpTime = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|UTC|[+-]\d{4})$/

/** When an S3 string to sign was made; NaN when it does not say. */
export function s3SignedAt(text: string): number {
  const lines = text.split('\n')
  if (lines[0] === 'AWS4-HMAC-SHA256') return lines[2]?.startsWith(lines[1]?.slice(0, 8) ?? '-') ? basicTime(lines[1]!) : Number.NaN
  const amazon = lines.find((line) => line.toLowerCase().startsWith('x-amz-date:'))?.slice('x-amz-date:'.length)
  const date = amazon ?? lines[3] ?? ''
  // Where a presigned address has its end, which says nothing of when it was signed, the line of the date holds a number.
  return httpTime.test(date) && !/^\d+$/.test(lines[3] ?? '') ? Date.parse(date) : Number.NaN
}

/** True when the secret made the signature of an S3 string to sign, version 2 or 4. */
export function isS3Signed(secret: string, text: string, signature: string): boolean {
  const lines = text.split('\n')
  if (lines[0] !== 'AWS4-HMAC-SHA256') return same(hmac(secret, text, 'sha1').toString('base64'), signature)
  const scope = lines[2]?.split('/') ?? []
  if (lines.length !== 4 || scope.length !== 4 || scope[2] !== 's3' || scope[3] !== 'aws4_request') return false
  return same(createHmac('sha256', signingKey(secret, scope)).update(text).digest('hex'), signature)
}
