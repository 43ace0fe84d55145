// Who signed a request: signatures of version 4 and 2, in headers or in the query.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { BaseContext } from '../../../api/operation.ts'
import type { Who } from '../../../auth/who.ts'
import { header } from '../headers.ts'
import { fault } from './faults.ts'
import { bucketPath } from './hosts.ts'
import { subresourcesIn } from './subresources.ts'

export interface Signed {
  /** Who signed; null where nobody did. */
  who: Who | null
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

/** Percent-encoding as signatures have it: all but letters, digits and `-._~`. */
const encoded = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
/** Decodes a part of the path. Throws InvalidURI for what is no UTF-8. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw fault('InvalidURI')
  }
}

/** UTF-8 as text of single bytes: what is signed is bytes, and header values come that way. */
const bytesOf = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The query as handlers see it, each name and value as `shape` makes it, in the order that is signed: by name, then by value. */
function signedQuery({ rawQuery, request }: BaseContext, shape: (text: string) => string): [string, string][] {
  // What is no UTF-8 would be signed as one thing and read as another.
  decodePath(request.url!.replace(/^[^?]*/, '').replace(/%(?![0-9a-fA-F]{2})/g, '%25'))
  return [...rawQuery]
    .map(([name, value]): [string, string] => [shape(name), shape(value)])
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
}

/** All values of a header, as they are signed: each without spaces around it, between commas. */
const signedValue = ({ request }: BaseContext, name: string): string | undefined =>
  request.headersDistinct[name]?.map((value) => value.trim()).join(',')

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

/** Who signed the request. Throws AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch or RequestTimeTooSkewed. */
export async function verify(context: BaseContext): Promise<Signed> {
  const authorization = header(context.headers, 'authorization') ?? ''
  if (authorization.startsWith('AWS4-HMAC-SHA256') || context.rawQuery.has('X-Amz-Signature')) return version4(context, authorization)
  return version2(context, authorization)
}

/** A request that nobody signed: what is open to everybody is open to it. */
export const unsigned = ({ headers }: BaseContext): Signed => ({
  who: null,
  payload: header(headers, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
  chain: null,
})

async function holder(context: BaseContext, access: string) {
  const found = access.length <= 256 ? await context.cloud.identity.ec2(access) : null
  // With an empty secret anybody could sign.
  if (!found?.secret) throw fault('InvalidAccessKeyId')
  return found
}

const noDate = () => fault('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')

/** When the request says that it was signed, in ms. Throws AccessDenied for what is no time and for times before 1970. */
function signedAt(text: string | undefined, parse: (text: string) => number): number {
  const at = text ? parse(text) : Number.NaN
  if (!(at >= 0)) throw noDate()
  return at
}

/** Throws unless a presigned address counts at this time. */
function checkLifetime(text: string, at: number, now: number): void {
  if (!/^[+-]?\d{1,18}$/.test(text)) throw fault('AuthorizationQueryParametersError', 'X-Amz-Expires should be a number')
  if (Number(text) > 604_800) throw fault('AccessDenied', 'X-Amz-Expires must be less than a week (in seconds)')
  if (!(at <= now + skewMs && at + Number(text) * 1000 > now)) throw fault('AccessDenied', 'Request has expired')
}

async function version4(context: BaseContext, authorization: string): Promise<Signed> {
  const { headers, rawQuery, request } = context
  const presigned = !authorization
  const field = (name: string) =>
    presigned ? (rawQuery.get(`X-Amz-${name}`) ?? '') : (new RegExp(`[ ,]${name}=([^, ]+)`).exec(authorization)?.[1] ?? '')
  const malformed = (what: string) =>
    fault(presigned ? 'AuthorizationQueryParametersError' : 'AuthorizationHeaderMalformed', `The credential is malformed: ${what}.`)
  if (presigned && field('Algorithm') !== 'AWS4-HMAC-SHA256') throw fault('InvalidArgument', 'X-Amz-Algorithm must be AWS4-HMAC-SHA256.')
  const amzDate = presigned ? field('Date') : header(headers, 'x-amz-date')
  const at = amzDate === undefined ? signedAt(header(headers, 'date'), Date.parse) : signedAt(amzDate, amzTime)
  const date = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  const parts = field('Credential').split('/')
  const [access, day, region, service, end] = parts
  if (!access || parts.length !== 5) throw malformed('it should have five parts')
  if (service !== 's3' || end !== 'aws4_request') throw malformed('it should end in s3/aws4_request')
  if (day !== date.slice(0, 8)) throw malformed('its day is not that of the request')
  const now = context.cloud.environment.clock.now()
  if (presigned) checkLifetime(field('Expires'), at, now)
  else if (!(Math.abs(at - now) <= skewMs)) throw fault('RequestTimeTooSkewed')
  const signedNames = field('SignedHeaders').split(';')
  // Without the host the request could be sent anywhere; headers that change its meaning must be part of it.
  if (!signedNames.includes('host')) throw fault('AccessDenied', 'The host header must be signed')
  for (const name in headers)
    if (name.startsWith('x-amz-') && !signedNames.includes(name)) throw fault('AccessDenied', `The header ${name} was not signed`)
  const found = await holder(context, access)
  const sent = header(headers, 'x-amz-content-sha256')
  if (!presigned && !sent) throw fault('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  const payload = sent ?? 'UNSIGNED-PAYLOAD'
  const query = signedQuery(context, encoded)
    .filter(([name]) => !(presigned && name === 'X-Amz-Signature'))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const lines = signedNames.map((name) => `${name}:${(signedValue(context, name) ?? '').replace(/\s+/g, ' ')}\n`).join('')
  const canonicalPath = request
    .url!.split('?')[0]!
    .split('/')
    .map((part) => encoded(decodePath(part)))
    .join('/')
  const canonical = [request.method, canonicalPath, query, lines, signedNames.join(';'), payload].join('\n')
  const scope = `${day}/${region}/${service}/${end}`
  const key = [day, region!, service, end].reduce<Buffer>((previous, part) => hmac(previous, part), Buffer.from(`AWS4${found.secret}`))
  const right = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(Buffer.from(canonical, 'latin1'))}`).toString('hex')
  if (!same(right, field('Signature'))) throw fault('SignatureDoesNotMatch')
  return { who: found.who, payload, chain: { key, seed: right, date, scope } }
}

const ofSignature = /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|content-sha256|checksum-\w+|sdk-checksum-algorithm)$/

/**
 * The headers, with those that a presigned address has in its query: clients move them there, and they are signed. Sums are not among
 * them: who made the address had no body to make them of.
 */
export function headersAsked({ headers, rawQuery }: BaseContext): IncomingHttpHeaders {
  if (!rawQuery.has('X-Amz-Signature') && !rawQuery.has('AWSAccessKeyId')) return headers
  const all = { ...headers }
  for (const [name, value] of rawQuery) {
    const lower = name.toLowerCase()
    if (lower.startsWith('x-amz-') && !ofSignature.test(lower)) all[lower] ??= bytesOf(value)
  }
  return all
}

/** Parts of the query that belong to the resource of a version 2 signature. */
const signedSubresources = new Set(
  'acl,cors,delete,lifecycle,location,logging,notification,object-lock,partNumber,policy,publicAccessBlock,requestPayment,restore,tagging,torrent,uploadId,uploads,versionId,versioning,versions,website,response-cache-control,response-content-disposition,response-content-encoding,response-content-language,response-content-type,response-expires'.split(
    ',',
  ),
)

async function version2(context: BaseContext, authorization: string): Promise<Signed> {
  const { headers, rawQuery, request } = context
  const match = /^AWS ([^\s]+):([^:\s]+)$/.exec(authorization)
  const access = match?.[1] ?? rawQuery.get('AWSAccessKeyId')
  const signature = match?.[2] ?? rawQuery.get('Signature')
  if (!access || !signature || Boolean(match) !== Boolean(authorization)) throw fault('AccessDenied')
  const now = context.cloud.environment.clock.now()
  const amzDate = header(headers, 'x-amz-date')
  let date = amzDate === undefined ? (header(headers, 'date') ?? '') : ''
  if (!match) {
    // What is no part of the signature could be added by whoever is given the address.
    const bare = subresourcesIn(rawQuery).find((name) => !signedSubresources.has(name))
    if (bare) throw fault('AccessDenied', `Signatures of version 2 do not cover ${bare}.`)
    date = rawQuery.get('Expires') ?? ''
    if (!/^\d{1,12}$/.test(date) || Number(date) * 1000 < now) throw fault('AccessDenied', 'Request has expired')
  } else if (!(Math.abs(signedAt(amzDate ?? date, Date.parse) - now) <= skewMs)) throw fault('RequestTimeTooSkewed')
  const found = await holder(context, access)
  const asked = headersAsked(context)
  const amz = Object.keys(asked)
    .filter((name) => name.startsWith('x-amz-'))
    .sort()
    .map((name) => `${name}:${signedValue(context, name) ?? asked[name]}\n`)
    .join('')
  const query = signedQuery(context, bytesOf)
    .filter(([name]) => signedSubresources.has(name))
    .map(([name, value]) => (value ? `${name}=${value}` : name))
    .join('&')
  const path = bucketPath(context) + request.url!.split('?')[0]!
  const fixed = [request.method, header(headers, 'content-md5') ?? '', header(headers, 'content-type') ?? '', date, amz].join('\n')
  const rightFor = (resource: string) => {
    const text = Buffer.from(fixed + resource + (query && `?${query}`), 'latin1')
    return createHmac('sha1', found.secret).update(text).digest('base64')
  }
  // Python's client asks for a bucket without a slash and signs it with one.
  const { params } = context as BaseContext & { params?: { key?: string } }
  const paths = params?.key === undefined && !path.endsWith('/') ? [path, `${path}/`] : [path]
  if (!paths.some((one) => same(rightFor(one), signature))) throw fault('SignatureDoesNotMatch')
  return { who: found.who, payload: header(headers, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD', chain: null }
}
