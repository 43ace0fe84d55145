// Bounded reading of untrusted files: at most what is asked for, never more than is there.

/** What of a node FileHandle is used here. */
export interface ImageFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  stat(): Promise<{ size: number }>
}

/** More than this is never read at once. */
const maxRead = 2 ** 20

export interface Reader {
  /** Bytes of the file. */
  size: number
  /** Up to `length` bytes (1 MiB at most) from `position`; shorter, or empty, where the file ends or the position makes no sense. */
  at(position: number, length: number): Promise<Buffer>
}

export async function readerOf(file: ImageFile): Promise<Reader> {
  const { size } = await file.stat()
  return {
    size,
    async at(position, length) {
      if (!Number.isSafeInteger(position) || position < 0 || position >= size || length <= 0) return Buffer.alloc(0)
      const buffer = Buffer.alloc(Math.min(length, maxRead, size - position))
      let filled = 0
      while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return buffer.subarray(0, filled)
    },
  }
}

/** A part of the file as a file of its own. */
export const section = (reader: Reader, start: number, size: number): Reader => ({
  size,
  at: async (position, length) =>
    position < 0 || position >= size ? Buffer.alloc(0) : reader.at(start + position, Math.min(length, size - position)),
})

/** A 64-bit number as a number; what exceeds 2^53 comes out as 2^53, which is beyond every limit here. */
export const u64be = (buffer: Buffer, at: number) => Number(minBig(buffer.readBigUInt64BE(at)))
export const u64le = (buffer: Buffer, at: number) => Number(minBig(buffer.readBigUInt64LE(at)))
const minBig = (n: bigint) => (n > 2n ** 53n ? 2n ** 53n : n)
