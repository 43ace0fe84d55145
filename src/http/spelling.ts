// Names of response headers as the services that the APIs are named after spell them: scripts look for these with grep.
import http, { type OutgoingHttpHeader, type OutgoingHttpHeaders } from 'node:http'

/** Where upstream's spelling is not that of words with capitals. */
const particular = new Map(
  [
    'WWW-Authenticate',
    'Content-MD5',
    'OpenStack-API-Version',
    'X-OpenStack-Nova-API-Version',
    'X-OpenStack-Ironic-API-Version',
    'x-openstack-request-id',
    'x-compute-request-id',
  ].map((name) => [name.toLowerCase(), name]),
)

const known = new Map<string, string>(particular)
/** Names that clients choose (metadata) may be without number. */
const mostKnown = 1000

/** `x-subject-token` to `X-Subject-Token`. A name with a capital in it is spelt on purpose, and S3's are in small letters. */
export function spelled(name: string): string {
  const before = known.get(name)
  if (before !== undefined) return before
  const made = /[A-Z]/.test(name) || name.startsWith('x-amz-') ? name : name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
  if (known.size < mostKnown) known.set(name, made)
  return made
}

/** A response whose header names come out in upstream's spelling, whatever case they are set in. */
export class SpelledResponse extends http.ServerResponse {
  override setHeader(name: string, value: number | string | readonly string[]): this {
    return super.setHeader(spelled(name), value)
  }

  override appendHeader(name: string, value: string | readonly string[]): this {
    return super.appendHeader(spelled(name), value)
  }

  override writeHead(status: number, ...more: unknown[]): this {
    const headers = more.at(-1)
    if (headers !== null && typeof headers === 'object' && !Array.isArray(headers)) {
      const renamed: OutgoingHttpHeaders = {}
      for (const [name, value] of Object.entries(headers)) renamed[spelled(name)] = value as OutgoingHttpHeader
      more[more.length - 1] = renamed
    }
    return super.writeHead(status, ...(more as []))
  }
}
