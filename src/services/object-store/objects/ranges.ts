// The Range header: which bytes of a body are asked for.

export interface ByteRange {
  start: number
  /** Inclusive. */
  end: number
}

/** More than that wears a server out: pieces in all, pairs that overlap, pieces of a list that goes up and down. */
const most = { pieces: 50, overlaps: 2, unordered: 8 }

/** The ranges that can be satisfied; null when the header is to be ignored, an empty list for 416. An empty body is its own last bytes. */
export function parseRanges(text: string | undefined, size: number): ByteRange[] | null {
  // White space may stand between all parts but inside of no number, and letters in any case.
  const match = /^bytes\s*=(.+)$/i.exec(text?.trim() ?? '')
  if (!match) return null
  const ranges: ByteRange[] = []
  const parts = match[1]!.split(',')
  for (const part of parts) {
    const piece = /^(\d*)\s*-\s*(\d*)$/.exec(part.trim())
    if (!piece || (!piece[1] && !piece[2])) return null
    const [first, last] = [piece[1]!, piece[2]!]
    if (first && last && Number(last) < Number(first)) return null
    if (!first) {
      if (Number(last) > 0) ranges.push({ start: Math.max(0, size - Number(last)), end: size - 1 })
    } else if (Number(first) < size) ranges.push({ start: Number(first), end: last ? Math.min(Number(last), size - 1) : size - 1 })
  }
  if (size === 0 && ranges.length) return null
  return ranges.length > most.pieces || wearing(ranges) ? [] : ranges
}

function wearing(ranges: ByteRange[]): boolean {
  let overlaps = 0
  for (const [i, a] of ranges.entries())
    for (const b of ranges.slice(i + 1)) {
      // The same piece once more is no overlap: Swift compares for less only.
      const inside = (at: number, { start, end }: ByteRange) => start < at && at < end + 1
      if (inside(b.start, a) || inside(b.end + 1, a) || inside(a.start, b) || inside(a.end + 1, b)) overlaps++
      if (overlaps > most.overlaps) return true
    }
  const descends = ranges.some(
    (b, i) => i > 0 && (ranges[i - 1]!.start > b.start || (ranges[i - 1]!.start === b.start && ranges[i - 1]!.end > b.end)),
  )
  return descends && ranges.length >= most.unordered
}
