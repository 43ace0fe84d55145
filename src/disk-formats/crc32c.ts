// CRC-32C (Castagnoli), which node:zlib does not have.
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

/** Of all bytes, those of the checksum's own four at `ownAt` taken as zero. */
export function crc32c(bytes: Buffer, ownAt: number): number {
  let value = 0xffffffff
  for (let at = 0; at < bytes.length; at++) {
    const byte = at >= ownAt && at < ownAt + 4 ? 0 : bytes[at]!
    value = (table[(value ^ byte) & 0xff]! ^ (value >>> 8)) >>> 0
  }
  return ~value >>> 0
}
