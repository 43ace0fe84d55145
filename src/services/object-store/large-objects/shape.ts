// The shape of JSON is looked at before it is parsed: millions of small values in a few megabytes would hold the process for long.
import { turn } from '../../../turns.ts'

export interface Shape {
  /** Braces, brackets and commas outside of texts. */
  marks: number
  /** How deep braces and brackets stand in each other. */
  depth: number
}

const stepBytes = 64 * 1024
const [quote, comma, backslash, open, close, openBrace, closeBrace] = [34, 44, 92, 91, 93, 123, 125]

/** Counts until `most` marks were found. */
export async function shapeOf(bytes: Uint8Array, most: number): Promise<Shape> {
  let [marks, level, depth, quoted] = [0, 0, 0, false]
  for (let i = 0; i < bytes.length && marks <= most; i++) {
    if (i % stepBytes === 0) await turn()
    const byte = bytes[i]
    if (quoted) {
      if (byte === backslash) i++
      else if (byte === quote) quoted = false
    } else if (byte === quote) quoted = true
    else if (byte === comma) marks++
    else if (byte === open || byte === openBrace) {
      marks++
      depth = Math.max(depth, ++level)
    } else if (byte === close || byte === closeBrace) level--
  }
  return { marks, depth }
}
