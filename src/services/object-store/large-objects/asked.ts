// What a PUT of a static manifest asks for: the form of it, before any segment is looked at.
import { turn } from '../../../turns.ts'
import { plain } from '../limits.ts'
import { limits, splitName } from './manifest.ts'
import { shapeOf } from './shape.ts'

export interface Asked {
  path?: string
  etag?: string | null
  size_bytes?: number | null
  range?: string
  data?: string
}

/** A segment has a handful of keys; what is far beyond that is not parsed. */
const mostMarks = limits.max_manifest_segments * 12
const mostDepth = 16
/** Characters of inlined bytes in all of a manifest, which every read of it has to read first. */
const mostInlined = 1024 * 1024

const known = new Set(['path', 'etag', 'size_bytes', 'range', 'data'])

/** A number as Swift takes it, also as text; NaN for what is none. */
const whole = (value: unknown): number =>
  typeof value === 'number' || (typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value)) ? Math.trunc(Number(value)) : Number.NaN

/** What is wrong with a segment that is inlined. */
function faultOfData({ path, data }: Record<string, unknown>): string | null {
  if (typeof data !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) return 'data must be valid base64'
  return path === undefined ? null : 'path and data cannot both be given'
}

/** What is wrong with a segment that is an object. Size and range are put into the one form that is compared later. */
function faultOfPath(segment: Record<string, unknown>, self: string): string | null {
  const { path, etag } = segment
  if (path === undefined) return 'expected keys to include one of "path" or "data"'
  if (typeof path !== 'string') return '"path" must be a string'
  if (path.includes('\0')) return 'path contains NULL'
  if (!splitName(path)) return 'path does not refer to an object. Path must be of the form /container/object.'
  if (path.replace(/^\/?/, '/') === self) return 'manifest must not include itself as a segment'
  if (etag !== undefined && etag !== null && typeof etag !== 'string') return '"etag" must be a string or null (if provided)'
  if (segment.size_bytes !== undefined && segment.size_bytes !== null) {
    const size = whole(segment.size_bytes)
    if (Number.isNaN(size)) return 'invalid size_bytes'
    if (size < 1) return 'too small; each segment must be at least 1 byte.'
    segment.size_bytes = size
  }
  if (!segment.range) return null
  // `-5` is a range without quotes too.
  const range = typeof segment.range === 'number' ? String(segment.range) : segment.range
  if (typeof range !== 'string' || !/^(\d{1,15}-\d{0,15}|-\d{1,15})$/.test(range)) return 'invalid range'
  segment.range = range
  return null
}

function faultOf(entry: unknown, self: string): string | null {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return 'not a JSON object'
  const extra = Object.keys(entry).filter((key) => !known.has(key))
  if (extra.length) return `extraneous keys ${extra.map((key) => JSON.stringify(key.slice(0, 40))).join(', ')}`
  return 'data' in entry ? faultOfData(entry as Record<string, unknown>) : faultOfPath(entry as Record<string, unknown>, self)
}

async function listOf(bytes: Buffer): Promise<unknown[]> {
  const { marks, depth } = await shapeOf(bytes, mostMarks)
  if (depth > mostDepth) throw plain(400, 'Manifest must be a list of JSON objects.\n')
  if (marks > mostMarks) throw plain(413, `Number of segments must be <= ${limits.max_manifest_segments}`)
  let list: unknown
  try {
    const text = bytes.toString('utf8')
    await turn()
    list = JSON.parse(text)
  } catch {
    throw plain(400, 'Manifest must be valid JSON.\n')
  }
  if (!Array.isArray(list)) throw plain(400, 'Manifest must be a list.\n')
  if (list.length > limits.max_manifest_segments) throw plain(413, `Number of segments must be <= ${limits.max_manifest_segments}`)
  return list
}

/** Reads and checks the form of a manifest; all its faults in one text. `self` is the manifest's own path. */
export async function askedSegments(bytes: Buffer, self: string): Promise<Asked[]> {
  const list = await listOf(bytes)
  const inlined = (list as Asked[]).reduce((sum, entry) => sum + (typeof entry?.data === 'string' ? entry.data.length : 0), 0)
  if (inlined > mostInlined) throw plain(413, `Inlined data must be <= ${mostInlined} characters of base64`)
  const faults: string[] = []
  for (const [index, entry] of list.entries()) {
    const fault = faultOf(entry, self)
    if (fault) faults.push(`Index ${index}: ${fault}`)
  }
  if (faults.length) throw plain(400, `${faults.join('\n')}\n`)
  return list as Asked[]
}
