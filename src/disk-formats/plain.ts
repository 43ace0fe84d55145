// What bytes without the header of any disk format are, as far as people mistake such files for disks.

const signatures: readonly [name: string, hex: string, at?: number][] = [
  ['gzip data', '1f8b08'],
  ['xz data', 'fd377a585a00'],
  ['bzip2 data', '425a68'],
  ['zstd data', '28b52ffd'],
  ['a zip archive', '504b0304'],
  ['a tar archive', '7573746172', 257],
  ['a program', '7f454c46'],
  ['a PDF document', '25504446'],
]

/** Names the content that begins like that, of a file of `size` bytes: `text`, `gzip data`, ...; null for bytes that nobody knows. */
export function nameOfPlain(head: Buffer, size: number): string | null {
  if (size === 0) return 'no data'
  const known = signatures.find(([, hex, at = 0]) => head.toString('hex', at, at + hex.length / 2) === hex)
  if (known) return known[0]
  if (head.length === size && head.every((byte) => byte === 0)) return 'zeros'
  // A character may be cut by the end of what was read.
  const whole = head.length < size ? head.subarray(0, head.length - 4) : head
  return isText(whole) ? 'text' : null
}

function isText(bytes: Buffer): boolean {
  if (bytes.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 13)) return false
  return !bytes.toString().includes('\ufffd')
}
