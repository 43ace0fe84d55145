// OAuth 1.0 signatures (RFC 5849) in the Authorization header.
import { createHmac, timingSafeEqual } from 'node:crypto'

const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The parameters of `Authorization: OAuth name="value", ...`; null when it is none, or a name comes twice. */
export function oauthParameters(header: string | undefined): Map<string, string> | null {
  if (!header || header.length > 8192 || !/^OAuth\s/i.test(header)) return null
  const found = new Map<string, string>()
  for (const part of header.slice(6).split(',')) {
    const match = /^\s*([\w%.~-]+)="([^"]*)"\s*$/.exec(part)
    if (!match) return null
    try {
      const name = decodeURIComponent(match[1]!)
      if (found.has(name)) return null
      found.set(name, decodeURIComponent(match[2]!))
    } catch {
      return null
    }
  }
  return found
}

/** What is signed. `url` without its query, which is in `query`. */
export function baseString(method: string, url: string, query: Iterable<[string, string]>, parameters: Map<string, string>): string {
  const { protocol, host, pathname } = new URL(url) // lower-cases the host and leaves the protocol's own port out
  const pairs = [...query, ...[...parameters].filter(([name]) => name !== 'realm' && name !== 'oauth_signature')]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
  return [method.toUpperCase(), encode(`${protocol}//${host}${pathname}`), encode(pairs.join('&'))].join('&')
}

/** What a signature is made with; a plain one is the key itself, which only an encrypted connection hides. */
const methods: Record<string, (key: string, text: string) => string> = {
  PLAINTEXT: (key) => key,
  'HMAC-SHA1': (key, text) => createHmac('sha1', key).update(text).digest('base64'),
  'HMAC-SHA256': (key, text) => createHmac('sha256', key).update(text).digest('base64'),
  'HMAC-SHA512': (key, text) => createHmac('sha512', key).update(text).digest('base64'),
}
export const isMethod = (method: string): boolean => Object.hasOwn(methods, method)

/** Compared in constant time. `method` is one that `isMethod` knows. */
export function isSigned(text: string, consumerSecret: string, tokenSecret: string, signature: string, method = 'HMAC-SHA1'): boolean {
  const right = methods[method]!(`${encode(consumerSecret)}&${encode(tokenSecret)}`, text)
  const [a, b] = [Buffer.from(right), Buffer.from(signature)]
  return a.length === b.length && timingSafeEqual(a, b)
}
