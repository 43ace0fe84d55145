// What headers say of an object: its metadata, type and end.
import type { IncomingHttpHeaders } from 'node:http'
import type { BaseContext } from '../../../api/operation.ts'
import type { Cloud } from '../../../cloud.ts'
import { anyName, checkAccessRules } from '../access/authorize.ts'
import { header, userMetadata } from '../headers.ts'
import { plain } from '../limits.ts'
import { unquoteHeader } from '../quoting.ts'
import type { Headers } from '../tables.ts'

/** Headers that are kept with an object and given back as they are. */
const kept = ['content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires', 'x-robots-tag'] as const

/** Metadata that a request gives to an object of that account; empty values are left out. Throws 400, and 401 for a manifest of what its token may not read. */
export function objectMetadata(context: BaseContext, account: string): Headers {
  const { headers } = context
  const metadata: Headers = {}
  const user = userMetadata(headers, 'object')
  // Empty values are kept: only X-Remove-Object-Meta- says that there is to be none.
  for (const name in user) if (user[name] || headers[name] !== undefined) metadata[name] = user[name]!
  for (const name of kept) {
    const value = header(headers, name)
    if (value) metadata[name] = value
  }
  if (metadata['content-encoding'] === 'aws-chunked') delete metadata['content-encoding']
  const manifest = header(headers, 'x-object-manifest')
  if (manifest) {
    // What would be a query is looked for in the value as it came: encoded, it is part of names.
    const text = unquoteHeader(manifest) ?? ''
    const [container, ...prefix] = text.split('/')
    if (!container || !prefix.join('/') || /[?&]/.test(manifest))
      throw plain(400, 'X-Object-Manifest must be in the format container/prefix')
    checkAccessRules(context, 'GET', account, text + anyName)
    metadata['x-object-manifest'] = manifest
  }
  return metadata
}

/** Seconds since the epoch when the object ends; null when it does not. Throws 400 for a past or unreadable time. */
export function deleteAt(headers: IncomingHttpHeaders, cloud: Cloud): number | null {
  const now = Math.floor(cloud.environment.clock.now() / 1000)
  const after = header(headers, 'x-delete-after')
  if (after !== undefined && after !== '') {
    if (!/^[+-]?\d+$/.test(after)) throw plain(400, 'Non-integer X-Delete-After')
    if (Number(after) <= 0) throw plain(400, 'X-Delete-After in past')
    return Math.min(now + Number(after), lastSecond)
  }
  const at = header(headers, 'x-delete-at')
  if (at === undefined || at === '') return null
  if (!/^[+-]?\d+$/.test(at)) throw plain(400, 'Non-integer X-Delete-At')
  if (Number(at) <= now) throw plain(400, 'X-Delete-At in past')
  return Math.min(Number(at), lastSecond)
}

/** Times have ten digits; later ones are as good as that. */
const lastSecond = 9_999_999_999

const types: Record<string, string> = {
  avi: 'video/x-msvideo',
  bin: 'application/octet-stream',
  bmp: 'image/bmp',
  bz2: 'application/x-bzip2',
  css: 'text/css',
  csv: 'text/csv',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html',
  htm: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  ico: 'image/vnd.microsoft.icon',
  js: 'application/javascript',
  json: 'application/json',
  md: 'text/markdown',
  mjs: 'application/javascript',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  ogg: 'audio/ogg',
  pdf: 'application/pdf',
  png: 'image/png',
  ps: 'application/postscript',
  py: 'text/x-python',
  sh: 'application/x-sh',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  wasm: 'application/wasm',
  wav: 'audio/x-wav',
  webm: 'video/webm',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xml: 'application/xml',
  xz: 'application/x-xz',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zip: 'application/zip',
}

/** The type a request gives, or one guessed by the name's ending. */
export function contentType(headers: IncomingHttpHeaders, name: string): string {
  const given = header(headers, 'content-type')
  if (given && headers['x-detect-content-type'] === undefined) return given
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return (Object.hasOwn(types, ending) && types[ending]) || 'application/octet-stream'
}
