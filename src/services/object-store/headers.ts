// Metadata in headers: what is set, what is removed, and the limits on all of it.
import type { IncomingHttpHeaders } from 'node:http'
import { limits, plain } from './limits.ts'
import { unquoteHeader } from './quoting.ts'
import type { Headers } from './tables.ts'

type Kind = 'account' | 'container' | 'object'

/** The one value of a header; of repeated ones the first. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** A header whose value is percent-encoded text; 412 for what is no UTF-8 or holds a NUL. */
export function decodedHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = header(headers, name)
  if (value === undefined) return undefined
  const text = unquoteHeader(value)
  if (text === null) throw plain(412, `${name} is not valid UTF-8 or contains NULL`)
  return text
}

/**
 * The headers with `-` for each `_` in names of the service's own: Swift cannot tell the two apart, and clients rely on it. Done once, before
 * anything looks: else a name is checked in one spelling and stored in the other. A header that came in both counts as it came with `-`.
 */
export function normalised(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  let made: IncomingHttpHeaders | null = null
  for (const name in headers) {
    if (!/^x[-_].*_|^x_/.test(name)) continue
    made ??= { ...headers }
    delete made[name]
    made[name.replaceAll('_', '-')] ??= headers[name]
  }
  return made ?? headers
}

/** The user's metadata in a request: header name to value, '' for what is to be removed. Throws 400 over the limits. */
export function userMetadata(headers: IncomingHttpHeaders, kind: Kind): Headers {
  const prefix = `x-${kind}-meta-`
  const removing = `x-remove-${kind}-meta-`
  const found: Headers = {}
  let count = 0
  let size = 0
  for (const name in headers) {
    if (!name.startsWith('x-')) continue
    if (name.startsWith(removing)) found[prefix + name.slice(removing.length)] = ''
    if (!name.startsWith(prefix)) continue
    const value = header(headers, name)!.trim()
    const short = name.slice(prefix.length)
    if (!short) throw plain(400, 'Metadata name cannot be empty')
    if (short.length > limits.max_meta_name_length) throw plain(400, `Metadata name too long: ${name}`)
    if (value.length > limits.max_meta_value_length) throw plain(400, `Metadata value longer than ${limits.max_meta_value_length}: ${name}`)
    if (value) {
      count++
      size += short.length + value.length
    }
    if (count > limits.max_meta_count) throw plain(400, `Too many metadata items; max ${limits.max_meta_count}`)
    if (size > limits.max_meta_overall_size) throw plain(400, `Total metadata too large; max ${limits.max_meta_overall_size}`)
    found[prefix + short] = value
  }
  return found
}

/** Old metadata with a request's changes; throws 400 when the whole exceeds the limits. */
export function merged(old: Headers, changes: Headers, kind: Kind): Headers {
  const result: Headers = { ...old }
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') delete result[name]
    else result[name] = value
  }
  checkMetadata(result, kind)
  return result
}

/** Throws 400 where the user's metadata among these exceed the limits, whatever they were put together of. */
export function checkMetadata(metadata: Headers, kind: Kind): void {
  const prefix = `x-${kind}-meta-`
  const own = Object.entries(metadata).filter(([name]) => name.startsWith(prefix))
  if (own.length > limits.max_meta_count) throw plain(400, `Too many metadata items; max ${limits.max_meta_count}`)
  const size = own.reduce((sum, [name, value]) => sum + name.length - prefix.length + value.length, 0)
  if (size > limits.max_meta_overall_size) throw plain(400, `Total metadata too large; max ${limits.max_meta_overall_size}`)
}
