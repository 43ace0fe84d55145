// Calls to an OpenID Connect provider. Where they go was said by the operator, or by the provider that the operator named: by https
// (plain http only to a provider on this machine), without following redirections, and with bounds on time and size.
import { isSafe } from '../settings.ts'

export type Fetch = (url: string, options?: RequestInit) => Promise<Response>

const timeoutMs = 10_000
const maxBytes = 1024 * 1024

/** A fetch for one provider. It rejects addresses that are not by https, unless the issuer is not either; then they are of this machine. */
export function fetchFor(issuer: string): Fetch {
  const secure = new URL(issuer).protocol === 'https:'
  return async (address, options = {}) => {
    const url = new URL(address)
    if (url.username || url.password || !isSafe(url.href) || (secure && url.protocol !== 'https:'))
      throw new Error(`${url.origin} is not called: it is not reached by https`)
    const response = await fetch(url, { ...options, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of response.body ?? []) {
      size += part.length
      if (size > maxBytes) throw new Error(`${url.origin} answered with more than ${maxBytes} bytes`)
      parts.push(part)
    }
    const { status, statusText, headers } = response
    const bare = [101, 204, 205, 304].includes(status)
    return Object.defineProperty(new Response(bare ? null : Buffer.concat(parts), { status, statusText, headers }), 'url', {
      value: response.url,
    })
  }
}
