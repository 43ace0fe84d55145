// What a listing asks for, from the query and the Accept header.
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { plain } from '../limits.ts'

export interface ListingQuery {
  limit: number
  marker: string
  endMarker: string
  prefix: string
  delimiter: string
  /** Names directly below that pseudo folder. */
  path: string | null
  reverse: boolean
}

export type Format = 'text' | 'json' | 'xml'

const yes = new Set(['true', '1', 'yes', 'on', 't', 'y'])
export const isTrue = (text: string | null | undefined) => yes.has((text ?? '').toLowerCase())

export function listingQuery(query: URLSearchParams, max: number): ListingQuery {
  const limitText = query.get('limit')
  let limit = max
  if (limitText) {
    if (!/^\d{1,12}$/.test(limitText)) throw plain(412, 'limit must be a non-negative integer')
    limit = Number(limitText)
    if (limit > max) throw plain(412, `Maximum limit is ${max}`)
  }
  return {
    limit,
    marker: query.get('marker') ?? '',
    endMarker: query.get('end_marker') ?? '',
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    path: query.get('path'),
    reverse: isTrue(query.get('reverse')),
  }
}

const types: [string, Format][] = [
  ['text/plain', 'text'],
  ['application/json', 'json'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
]

/** The form of the answer: `format` decides, else the best of Accept; 406 when none fits. */
export function listingFormat(context: BaseContext): Format {
  const asked = context.rawQuery.get('format')?.toLowerCase()
  if (asked === 'json') return 'json'
  if (asked === 'xml') return 'xml'
  if (asked !== undefined) return 'text'
  const { accept } = context.headers
  if (!accept) return 'text'
  const wanted = accept
    .split(',')
    .map((part, index) => {
      const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim())
      const quality = parameters.find((p) => /^q=/i.test(p))?.slice(2)
      return { type: type.toLowerCase(), quality: quality === undefined ? 1 : Number(quality), index }
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || a.index - b.index)
  for (const { type } of wanted) {
    if (type === '*/*' || type === 'text/*') return 'text'
    if (type === 'application/*') return 'json'
    const found = types.find(([name]) => name === type)
    if (found) return found[1]
  }
  throw new Fault(406, 'The resource identified by the request cannot be generated in an acceptable form.')
}

export const formatType: Record<Format, string> = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
}

/** The least text that sorts behind all that begin with `prefix`; null when there is none. In the order of code points, as the database has it. */
export function successor(prefix: string): string | null {
  const points = [...prefix]
  while (points.length) {
    const code = points.pop()!.codePointAt(0)!
    if (code === 0x10ffff) continue
    return points.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1)
  }
  return null
}

/** Compares as the database does: by code points. */
export function compareNames(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
