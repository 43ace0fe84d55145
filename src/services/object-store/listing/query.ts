// What a listing asks for, from the query and the Accept header.
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { plain } from '../limits.ts'
import { unquoteHeader } from '../quoting.ts'

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

/** A marker with a NUL stands right behind the name before it, which no database can say: names from there on are those after it, and those up to there are those before the next. */
function place(marker: string, upper: boolean): string {
  const nul = marker.indexOf('\0')
  return nul < 0 ? marker : marker.slice(0, nul) + (upper ? '\u0001' : '')
}

const texts = ['marker', 'end_marker', 'prefix', 'delimiter', 'path']

/** Throws 400 where what the listing is to be cut by is no UTF-8: it would be read as something else. */
function checkTexts(url: string): void {
  for (const pair of url.replace(/^[^?]*\??/, '').split('&')) {
    const [name = '', value = ''] = pair.split('=', 2)
    // Markers may hold a NUL; of the others all that do are refused.
    if (texts.includes(name) && unquoteHeader(value.replaceAll('%00', '')) === null) throw plain(400, `"${name}" parameter not valid UTF-8`)
  }
}

export function listingQuery({ rawQuery: query, request }: BaseContext, max: number): ListingQuery {
  checkTexts(request.url!)
  // What is no number is not heard, as Swift has it.
  const limitText = query.get('limit') ?? ''
  const limit = /^\d+$/.test(limitText) ? Number(limitText) : max
  if (limit > max) throw plain(412, `Maximum limit is ${max}`)
  const reverse = isTrue(query.get('reverse'))
  return {
    limit,
    marker: place(query.get('marker') ?? '', reverse),
    endMarker: place(query.get('end_marker') ?? '', !reverse),
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    path: query.get('path'),
    reverse,
  }
}

const types: [string, Format][] = [
  ['text/plain', 'text'],
  ['application/json', 'json'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
]

/** Media types of the Accept header that are not ruled out, the best first. */
function wantedTypes(accept: string): string[] {
  return accept
    .split(',')
    .map((part, index) => {
      const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim())
      const quality = parameters.find((p) => /^q=/i.test(p))?.slice(2)
      return { type: type.toLowerCase(), quality: quality === undefined ? 1 : Number(quality), index }
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || a.index - b.index)
    .map(({ type }) => type)
}

/** Whether an answer of that type is acceptable. */
export function accepts({ headers: { accept } }: BaseContext, type: string): boolean {
  const fitting = ['*/*', `${type.split('/')[0]}/*`, type]
  return !accept || wantedTypes(accept).some((wanted) => fitting.includes(wanted))
}

/** The form of the answer: `format` decides, else the best of Accept; 406 when none fits. */
export function listingFormat(context: BaseContext): Format {
  const asked = context.rawQuery.get('format')?.toLowerCase()
  if (asked === 'json') return 'json'
  if (asked === 'xml') return 'xml'
  if (asked !== undefined) return 'text'
  const { accept } = context.headers
  if (!accept) return 'text'
  for (const type of wantedTypes(accept)) {
    if (type === '*/*' || type === 'text/*') return 'text'
    if (type === 'application/*') return 'json'
    const found = types.find(([name]) => name === type)
    if (found) return found[1]
  }
  throw new Fault(406, 'The resource is not available in a format acceptable to your browser.')
}

const formatType: Record<Format, string> = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
}

/** Headers that say the form of a listing; caches learn that the Accept header decided where the query said none. */
export const formatHeaders = ({ rawQuery }: BaseContext, format: Format): Record<string, string> => ({
  'content-type': formatType[format],
  ...(!rawQuery.has('format') && { vary: 'Accept' }),
})

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
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (x !== y) return inUtf8(x) - inUtf8(y)
  }
  return a.length - b.length
}

/** Halves of pairs, which stand for what comes behind all other characters, moved there. */
const inUtf8 = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit)
