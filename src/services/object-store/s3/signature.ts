// Who signed a request: signatures of version 4 and 2, in headers or in the query.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { BaseContext } from '../../../api/operation.ts'
import type { Who } from '../../../auth/who.ts'
import { header } from '../headers.ts'
import { fault } from './faults.ts'

export interface Signed {
  who: Who
  /** x-amz-content-sha256: a digest in hex, UNSIGNED-PAYLOAD, or a kind of STREAMING-. */
  payload: string
  /** What the signatures of chunks go on from, for signed streams. */
  chain: { key: Buffer; seed: string; date: string; scope: string } | null
}

const skewMs = 15 * 60_000
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
export const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

export function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const encoded = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw fault('InvalidArgument')
  }
}

/** Names and values of the query as they were sent, decoded; `+` is itself there, as clients sign it. */
function queryPairs(url: string): [string, string][] {
  const mark = url.indexOf('?')
  if (mark < 0) return []
  return url
    .slice(mark + 1)
    .split('&')
    .filter(Boolean)
    .map((part) => {
      const equals = part.indexOf('=')
      return equals < 0 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))]
    })
}

const amzTime = (text: string) => {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  return m ? Date.UTC(+m[1]!, +m[2]! - 1, +m[3]!, +m[4]!, +m[5]!, +m[6]!) : Number.NaN
}

/** True when the request is meant for S3. */
export function isSigned({ headers, rawQuery }: BaseContext): boolean {
  return (
    /^AWS/.test(header(headers, 'authorization') ?? '') ||
    rawQuery.has('X-Amz-Signature') ||
    (rawQuery.has('AWSAccessKeyId') && rawQuery.has('Signature'))
  )
}

/** Throws AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch or RequestTimeTooSkewed. */
export async function verify(context: BaseContext): Promise<Signed> {
  const authorization = header(context.headers, 'authorization') ?? ''
  if (authorization.startsWith('AWS4-HMAC-SHA256') || context.rawQuery.has('X-Amz-Signature')) return version4(context, authorization)
  return version2(context, authorization)
}

async function holder(context: BaseContext, access: string) {
  const found = access.length <= 256 ? await context.cloud.identity.ec2(access) : null
  if (!found) throw fault('InvalidAccessKeyId')
  return found
}

async function version4(context: BaseContext, authorization: string): Promise<Signed> {
  const { headers, rawQuery, request } = context
  const presigned = !authorization
  const field = (name: string) =>
    presigned ? (rawQuery.get(`X-Amz-${name}`) ?? '') : (new RegExp(`[ ,]${name}=([^, ]+)`).exec(authorization)?.[1] ?? '')
  const [access, day, region, service, end] = field('Credential').split('/')
  const date = presigned ? field('Date') : (header(headers, 'x-amz-date') ?? '')
  if (!access || service !== 's3' || end !== 'aws4_request' || !date.startsWith(day!) || day!.length !== 8)
    throw fault('AuthorizationHeaderMalformed')
  const now = context.cloud.environment.clock.now()
  const at = amzTime(date)
  if (presigned) {
    const lifetime = /^\d{1,6}$/.test(field('Expires')) ? Number(field('Expires')) : Number.NaN
    if (!(lifetime > 0 && lifetime <= 604_800)) throw fault('InvalidArgument')
    if (!(at <= now + skewMs && at + lifetime * 1000 >= now)) throw fault('AccessDenied', 'Request has expired')
  } else if (!(Math.abs(at - now) <= skewMs)) throw fault('RequestTimeTooSkewed')
  const signedNames = field('SignedHeaders').split(';')
  // Without the host the request could be sent anywhere; headers that change its meaning must be part of it.
  if (!signedNames.includes('host')) throw fault('AccessDenied', 'The host header must be signed')
  for (const name in headers)
    if (name.startsWith('x-amz-') && !signedNames.includes(name)) throw fault('AccessDenied', `The header ${name} was not signed`)
  const found = await holder(context, access)
  const payload = presigned
    ? (header(headers, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD')
    : (header(headers, 'x-amz-content-sha256') ?? '')
  const path = request.url!.split('?')[0]!
  const query = queryPairs(request.url!)
    .filter(([name]) => !(presigned && name === 'X-Amz-Signature'))
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('&')
  const lines = signedNames.map((name) => `${name}:${(header(headers, name) ?? '').trim().replace(/\s+/g, ' ')}\n`).join('')
  const canonicalPath = path
    .split('/')
    .map((part) => encoded(decode(part)))
    .join('/')
  const canonical = [request.method, canonicalPath, query, lines, signedNames.join(';'), payload].join('\n')
  const scope = `${day}/${region}/${service}/${end}`
  const key = [day!, region!, service, end].reduce<Buffer>((previous, part) => hmac(previous, part), Buffer.from(`AWS4${found.secret}`))
  const right = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(Buffer.from(canonical, 'latin1'))}`).toString('hex')
  if (!same(right, field('Signature'))) throw fault('SignatureDoesNotMatch')
  return { who: found.who, payload, chain: { key, seed: right, date, scope } }
}

/** Parts of the query that belong to the resource of a version 2 signature. */
const subresources = new Set(
  'acl,cors,delete,lifecycle,location,logging,notification,partNumber,policy,requestPayment,tagging,torrent,uploadId,uploads,versionId,versioning,versions,website,response-cache-control,response-content-disposition,response-content-encoding,response-content-language,response-content-type,response-expires'.split(
    ',',
  ),
)

async function version2(context: BaseContext, authorization: string): Promise<Signed> {
  const { headers, rawQuery, request } = context
  const match = /^AWS ([^:\s]+):(\S+)$/.exec(authorization)
  const access = match?.[1] ?? rawQuery.get('AWSAccessKeyId')
  const signature = match?.[2] ?? rawQuery.get('Signature')
  if (!access || !signature) throw fault('AccessDenied')
  const now = context.cloud.environment.clock.now()
  let date = header(headers, 'x-amz-date') !== undefined ? '' : (header(headers, 'date') ?? '')
  if (!match) {
    date = rawQuery.get('Expires') ?? ''
    if (!/^\d{1,12}$/.test(date) || Number(date) * 1000 < now) throw fault('AccessDenied', 'Request has expired')
  } else if (!(Math.abs(Date.parse(header(headers, 'x-amz-date') ?? date) - now) <= skewMs)) throw fault('RequestTimeTooSkewed')
  const found = await holder(context, access)
  const amz = Object.keys(headers)
    .filter((name) => name.startsWith('x-amz-'))
    .sort()
    .map((name) => `${name}:${header(headers, name)!.trim()}\n`)
    .join('')
  const query = queryPairs(request.url!)
    .filter(([name]) => subresources.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value ? `${name}=${value}` : name))
    .join('&')
  const resource = request.url!.split('?')[0]! + (query ? `?${query}` : '')
  const text = [request.method, header(headers, 'content-md5') ?? '', header(headers, 'content-type') ?? '', date, amz + resource].join(
    '\n',
  )
  const right = createHmac('sha1', found.secret).update(Buffer.from(text, 'latin1')).digest('base64')
  if (!same(right, signature)) throw fault('SignatureDoesNotMatch')
  return { who: found.who, payload: 'UNSIGNED-PAYLOAD', chain: null }
}
