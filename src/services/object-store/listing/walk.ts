// Walks names in order and rolls those with the delimiter up into folders. A folder of any size costs one query.
import { compareNames, type ListingQuery, successor } from './query.ts'

export interface Named {
  name: string
}
export interface Folder {
  subdir: string
}

/** A piece of the ordered names: at most `limit` of them between the bounds; null is no bound. */
export interface Range {
  from: string | null
  /** `from` itself is left out. */
  after: boolean
  to: string | null
  limit: number
  reverse: boolean
}

const firstPage = 256
/** Long names come at a thousand in some milliseconds, in which nobody else has his turn. */
const largestPage = 2000

/** Where the names that a query asks for begin and end; null when there can be none. */
export function boundsOf(
  query: ListingQuery,
): { prefix: string; delimiter: string; low: string | null; lowOpen: boolean; high: string | null } | null {
  const { reverse } = query
  let { prefix, delimiter } = query
  if (query.path !== null) {
    prefix = query.path && !query.path.endsWith('/') ? `${query.path}/` : query.path
    delimiter = '/'
  }
  const marker = query.marker || null
  const endMarker = query.endMarker || null
  // Bounds in ascending order; the lower one is open when it comes from a marker.
  const lowMarker = reverse ? endMarker : marker
  let low: string | null = prefix || null
  let lowOpen = false
  if (lowMarker !== null && (low === null || compareNames(lowMarker, low) >= 0)) {
    low = lowMarker
    lowOpen = true
  }
  const highMarker = reverse ? marker : endMarker
  let high = prefix ? successor(prefix) : null
  if (highMarker !== null && (high === null || compareNames(highMarker, high) < 0)) high = highMarker
  // A marker that is a folder itself: all below it was shown with it.
  if (delimiter && !reverse && marker?.endsWith(delimiter) && marker.startsWith(prefix) && marker.length > prefix.length) {
    low = successor(marker)
    lowOpen = false
    if (low === null) return null
  }
  return { prefix, delimiter, low, lowOpen, high }
}

/** Up to `query.limit` rows and folders. `fetch` gives rows in ascending order, or descending when `reverse`. */
export async function walk<Row extends Named>(query: ListingQuery, fetch: (range: Range) => Promise<Row[]>): Promise<(Row | Folder)[]> {
  const { limit, reverse } = query
  const marker = query.marker || null
  const result: (Row | Folder)[] = []
  const bounds = boundsOf(query)
  if (!bounds || limit === 0) return result
  const { prefix, delimiter } = bounds
  let { low, lowOpen, high } = bounds
  let page = Math.min(delimiter ? firstPage : largestPage, limit)
  for (;;) {
    const rows = await fetch({ from: low, after: lowOpen, to: high, limit: page, reverse })
    let jumped = false
    let folder: string | null = null
    for (const row of rows) {
      if (folder !== null && row.name.startsWith(folder)) continue
      const at = delimiter ? row.name.indexOf(delimiter, prefix.length) : -1
      const rolled = at >= 0 && !(query.path !== null && at === row.name.length - delimiter.length)
      if (query.path !== null && row.name === prefix) continue
      if (rolled) {
        folder = row.name.slice(0, at + delimiter.length)
        if (query.path === null) {
          if (!reverse && marker !== null && marker === folder) continue
          if (reverse && marker?.startsWith(folder)) continue
          result.push({ subdir: folder })
        }
      } else {
        folder = null
        result.push(row)
      }
      if (result.length === limit) return result
    }
    if (rows.length < page) return result
    const last = rows.at(-1)!.name
    if (folder !== null) {
      if (reverse) high = folder
      else {
        low = successor(folder)
        lowOpen = false
        if (low === null) return result
      }
      jumped = true
    } else if (reverse) high = last
    else {
      low = last
      lowOpen = true
    }
    page = Math.min(jumped ? page : page * 4, largestPage)
  }
}
