// What S3's headers say of a new object. Swift's rules for names do not hold here: an underscore stays one.
import type { IncomingHttpHeaders } from 'node:http'
import { header } from '../headers.ts'
import { limits } from '../limits.ts'
import type { Headers } from '../tables.ts'
import { fault } from './faults.ts'

const theirs = 'x-amz-meta-'
const kept = 'x-object-meta-'

/** Headers that are kept with an object and given back as they are. */
const plain = ['content-disposition', 'content-language', 'cache-control', 'expires'] as const

/** Members of a list in a header, without the empty ones. */
const members = (text: string) =>
  text
    .split(',')
    .map((member) => member.trim())
    .filter(Boolean)

/** Metadata of a new object. Throws MetadataTooLarge over the limits. */
export function metadataOf(headers: IncomingHttpHeaders): Headers {
  const metadata: Headers = {}
  let count = 0
  let size = 0
  for (const name in headers) {
    if (!name.startsWith(theirs) || name.length === theirs.length) continue
    const value = header(headers, name)!.trim()
    const short = name.slice(theirs.length)
    count++
    size += short.length + value.length
    if (count > limits.max_meta_count || size > limits.max_meta_overall_size || short.length > limits.max_meta_name_length)
      throw fault('MetadataTooLarge')
    metadata[kept + short] = value
  }
  for (const name of plain) {
    const value = header(headers, name)
    if (value) metadata[name] = value
  }
  // How the body came is no property of the object.
  const encodings = members(header(headers, 'content-encoding') ?? '').filter((member) => member.toLowerCase() !== 'aws-chunked')
  if (encodings.length) metadata['content-encoding'] = encodings.join(', ')
  return metadata
}

/** The type that a request gives, or S3's for none. */
export const typeOf = (headers: IncomingHttpHeaders): string => header(headers, 'content-type') || 'binary/octet-stream'

/** The user's metadata as S3 answers it; undefined for other headers. */
export const shownName = (name: string): string | undefined => (name.startsWith(kept) ? theirs + name.slice(kept.length) : undefined)

/** What the user set, without what is ours and without a manifest's place. */
export const usersOwn = (metadata: Headers): Headers =>
  Object.fromEntries(
    Object.entries(metadata).filter(
      ([name]) => !name.startsWith('x-object-manifest') && !name.startsWith('x-symlink-') && !name.startsWith('x-object-sysmeta-'),
    ),
  )
