// Signature version 4 of requests that we send.
import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  accessKey: string
  secretKey: string
  region: string
}

export interface Unsigned {
  method: string
  /** Path as it is sent, percent-encoded. */
  path: string
  query: Record<string, string>
  /** In lower case; all of them are signed. Must hold `host`. */
  headers: Record<string, string>
  /** SHA-256 of the body in hex, or `UNSIGNED-PAYLOAD`. */
  payload: string
}

export const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** Percent-encoded as S3 signs it: everything but letters, digits and `-._~`. */
export const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The query as it is both sent and signed: in the order of its names, not of names with their values. */
export const queryText = (query: Record<string, string>) =>
  Object.entries(query)
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

/** The request's headers with `x-amz-date`, `x-amz-content-sha256` and `authorization`; `now` in milliseconds since the epoch. */
export function sign(request: Unsigned, { accessKey, secretKey, region }: Credentials, now: number): Record<string, string> {
  const date = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
  const day = date.slice(0, 8)
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': date, 'x-amz-content-sha256': request.payload }
  const names = Object.keys(headers).sort()
  const lines = names.map((name) => `${name}:${headers[name]!.trim().replace(/\s+/g, ' ')}\n`).join('')
  const canonical = [request.method, request.path, queryText(request.query), lines, names.join(';'), request.payload].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer>((previous, part) => hmac(previous, part), Buffer.from(`AWS4${secretKey}`))
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex')
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return headers
}
