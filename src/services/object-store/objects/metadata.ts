// What headers say of an object: its metadata, type and end.
import type { IncomingHttpHeaders } from 'node:http'
import type { Cloud } from '../../../cloud.ts'
import { decodedHeader, header, userMetadata } from '../headers.ts'
import { plain } from '../limits.ts'
import type { Headers } from '../tables.ts'

/** Headers that are kept with an object and given back as they are. */
const kept = ['content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires', 'x-robots-tag'] as const

/** Metadata of a new object; empty values are left out. */
export function objectMetadata(headers: IncomingHttpHeaders): Headers {
  const metadata: Headers = {}
  const user = userMetadata(headers, 'object')
  // Empty values are kept: only X-Remove-Object-Meta- says that there is to be none.
  for (const name in user) if (user[name] || headers[name] !== undefined) metadata[name] = user[name]!
  for (const name of kept) {
    const value = header(headers, name)
    if (value) metadata[name] = value
  }
  if (metadata['content-encoding'] === 'aws-chunked') delete metadata['content-encoding']
  const manifest = decodedHeader(headers, 'x-object-manifest')
  if (manifest !== undefined && manifest !== '') {
    const [container, prefix] = [manifest.split('/')[0], manifest.slice(manifest.indexOf('/') + 1)]
    if (!container || !prefix || !manifest.includes('/') || /[?&]/.test(manifest) || manifest.startsWith('/'))
      throw plain(400, 'X-Object-Manifest must be in the format container/prefix')
    metadata['x-object-manifest'] = header(headers, 'x-object-manifest')!
  }
  return metadata
}

/** Seconds since the epoch when the object ends; null when it does not. Throws 400 for a past or unreadable time. */
export function deleteAt(headers: IncomingHttpHeaders, cloud: Cloud): number | null {
  const now = Math.floor(cloud.environment.clock.now() / 1000)
  const after = header(headers, 'x-delete-after')
  if (after !== undefined && after !== '') {
    if (!/^[+-]?\d{1,12}$/.test(after)) throw plain(400, 'Non-integer X-Delete-After')
    if (Number(after) <= 0) throw plain(400, 'X-Delete-After in past')
    return now + Number(after)
  }
  const at = header(headers, 'x-delete-at')
  if (at === undefined || at === '') return null
  if (!/^[+-]?\d{1,12}$/.test(at)) throw plain(400, 'Non-integer X-Delete-At')
  if (Number(at) <= now) throw plain(400, 'X-Delete-At in past')
  return Number(at)
}

const types: Record<string, string> = {
  css: 'text/css',
  csv: 'text/csv',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html',
  htm: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'application/javascript',
  json: 'application/json',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  txt: 'text/plain',
  xml: 'application/xml',
  zip: 'application/zip',
}

/** The type a request gives, or one guessed by the name's ending. */
export function contentType(headers: IncomingHttpHeaders, name: string): string {
  const given = header(headers, 'content-type')
  if (given && headers['x-detect-content-type'] === undefined) return given
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return (Object.hasOwn(types, ending) && types[ending]) || 'application/octet-stream'
}
