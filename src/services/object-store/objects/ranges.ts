// The Range header: which bytes of a body are asked for.

export interface ByteRange {
  start: number
  /** Inclusive. */
  end: number
}

const most = 50

/** The ranges that can be satisfied; null when the header is to be ignored, an empty list for 416. */
export function parseRanges(text: string | undefined, size: number): ByteRange[] | null {
  const match = /^bytes=(.+)$/.exec(text ?? '')
  if (!match) return null
  const ranges: ByteRange[] = []
  const parts = match[1]!.split(',')
  if (parts.length > most) return []
  for (const part of parts) {
    const piece = /^\s*(\d{0,15})-(\d{0,15})\s*$/.exec(part)
    if (!piece || (!piece[1] && !piece[2])) return null
    const [first, last] = [piece[1]!, piece[2]!]
    if (first && last && Number(last) < Number(first)) return null
    if (!first) {
      const count = Math.min(Number(last), size)
      if (count > 0) ranges.push({ start: size - count, end: size - 1 })
    } else if (Number(first) < size) ranges.push({ start: Number(first), end: last ? Math.min(Number(last), size - 1) : size - 1 })
  }
  // Many pieces that overlap ask for more than the whole: that is how servers are worn out.
  const overlapping = ranges.some((a, i) => ranges.some((b, j) => i < j && a.start <= b.end && b.start <= a.end))
  return overlapping && ranges.length > 2 ? [] : ranges
}
