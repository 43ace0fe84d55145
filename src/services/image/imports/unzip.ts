// The one file of a zip archive, as a stream. Sizes and places are those of the central directory, checked against the file.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import { SourceFault } from './source.ts'

const damaged = (why: string) => new SourceFault(`The zip archive cannot be used: ${why}.`)
const none = 0xffffffff

interface Member {
  method: number
  crc: number
  packed: number
  size: number
  at: number
}

/** The bytes of the only file in the archive. The iteration throws SourceFault when it is not what the archive says. */
export async function* unzip(path: string): AsyncGenerator<Buffer> {
  const member = await onlyMember(path)
  const packed = createReadStream(path, { start: member.at, end: member.at + member.packed - 1, highWaterMark: 2 ** 18 })
  const plain: Readable = member.method === 0 ? packed : pipeline(packed, createInflateRaw({ chunkSize: 2 ** 18 }), () => {})
  let size = 0
  let crc = 0
  if (member.packed > 0) {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      size += chunk.length
      crc = crc32(chunk, crc)
      yield chunk
    }
  }
  if (size !== member.size || crc !== member.crc) throw damaged('its content is not what its directory says')
}

async function onlyMember(path: string): Promise<Member> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const read = async (position: number, length: number) => {
      if (position < 0 || position + length > size) throw damaged('its directory points outside of it')
      const buffer = Buffer.alloc(length)
      const { bytesRead } = await file.read(buffer, 0, length, position)
      if (bytesRead < length) throw damaged('it is cut off')
      return buffer
    }
    const tailLength = Math.min(size, 65_557)
    const tail = await read(size - tailLength, tailLength)
    const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
    if (end < 0 || end + 22 > tail.length) throw damaged('it has no directory')
    let count = tail.readUInt16LE(end + 10)
    let directory = tail.readUInt32LE(end + 16)
    if (count === 0xffff || directory === none) {
      // The large form: a locator before the end names the place of another end record.
      if (end < 20 || tail.toString('latin1', end - 20, end - 16) !== 'PK\x06\x07') throw damaged('it has no directory')
      const large = await read(number64(tail, end - 12), 56)
      if (large.toString('latin1', 0, 4) !== 'PK\x06\x06') throw damaged('it has no directory')
      count = number64(large, 32)
      directory = number64(large, 48)
    }
    if (count !== 1) throw damaged(`it holds ${count} files, and an image is one`)
    const entry = await read(directory, 46)
    if (entry.toString('latin1', 0, 4) !== 'PK\x01\x02') throw damaged('its directory is damaged')
    if (entry.readUInt16LE(8) & 1) throw damaged('it is encrypted')
    const member = {
      method: entry.readUInt16LE(10),
      crc: entry.readUInt32LE(16),
      packed: entry.readUInt32LE(20),
      size: entry.readUInt32LE(24),
    }
    if (member.method !== 0 && member.method !== 8) throw damaged(`its compression method ${member.method} is not known`)
    let local = entry.readUInt32LE(42)
    const extra = await read(directory + 46 + entry.readUInt16LE(28), entry.readUInt16LE(30))
    for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
      if (extra.readUInt16LE(at) !== 1) continue
      // Only what did not fit stands here, in this order.
      let next = at + 4
      const take = () => {
        if (next + 8 > extra.length) throw damaged('its directory is damaged')
        next += 8
        return number64(extra, next - 8)
      }
      if (member.size === none) member.size = take()
      if (member.packed === none) member.packed = take()
      if (local === none) local = take()
    }
    const header = await read(local, 30)
    if (header.toString('latin1', 0, 4) !== 'PK\x03\x04') throw damaged('its directory is damaged')
    const at = local + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
    if (at + member.packed > size) throw damaged('its directory points outside of it')
    return { ...member, at }
  } finally {
    await file.close()
  }
}

/** Beyond 2^53 it points outside of any file, and is found out by that. */
const number64 = (buffer: Buffer, at: number) => Number(buffer.readBigUInt64LE(at))
