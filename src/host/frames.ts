// Streams over the link: bytes in frames, so that each direction has an end of its own and a fault reaches the other side with its
// reason. A connection that goes without either has broken off, and nobody takes what came for the whole.
import { Duplex } from 'node:stream'
import { contained } from '../contain.ts'

/** In front of each frame stands its length; a fault's has this bit, and its reason as the content. */
const faultBit = 0x8000_0000
const longestFault = 1000
/** A peer that does not take the last words is not waited for. */
const lastWordsMs = 10_000

function header(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(length)
  return bytes
}

function faultFrame(error: Error): Buffer {
  const reason = Buffer.from(error.message || 'it broke').subarray(0, longestFault)
  return Buffer.concat([header(faultBit + reason.length), reason])
}

/** The stream that the peer's framed() at the other end of `socket` is joined to. */
export function framed(socket: Duplex): Duplex {
  const head = Buffer.alloc(4)
  let headBytes = 0
  let left = 0
  let isFault = false
  let reason = ''
  let isEnded = false
  /** The end of this side was sent. */
  let isLast = false

  const stream = new Duplex({
    read: () => void socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      socket.cork()
      socket.write(header(chunk.length))
      socket.write(chunk, done)
      socket.uncork()
    },
    final(done) {
      isLast = true
      socket.write(header(0), done)
    },
    destroy(error, done) {
      if (error && socket.writable) socket.end(faultFrame(error))
      else if (isEnded && isLast) socket.end()
      else socket.destroy()
      socket.resume() // else its end is not seen
      setTimeout(() => socket.destroy(), lastWordsMs).unref()
      done(error)
    },
  })
  // It may break before its reader has come.
  stream.on('error', () => {})

  function begin(word: number): void {
    isFault = word >= faultBit
    left = isFault ? word - faultBit : word
    if (isEnded && !isFault) throw new Error('the other side sent more than it has')
    if (left > longestFault && isFault) throw new Error('the other side sent no frame')
    if (left > 0) return
    if (isFault) throw new Error('it broke')
    isEnded = true
    stream.push(null)
  }

  socket.on(
    'data',
    contained(
      (piece: Buffer) => {
        let rest = piece
        let more = true
        while (rest.length && !stream.destroyed) {
          if (left === 0) {
            const part = rest.subarray(0, 4 - headBytes)
            head.set(part, headBytes)
            headBytes += part.length
            rest = rest.subarray(part.length)
            if (headBytes < 4) break
            headBytes = 0
            begin(head.readUInt32BE())
            continue
          }
          const part = rest.subarray(0, left)
          left -= part.length
          rest = rest.subarray(part.length)
          if (!isFault) more = stream.push(part) && more
          else reason += part.toString()
          if (isFault && left === 0) throw new Error(reason)
        }
        if (!more && !stream.destroyed) socket.pause()
      },
      (error) => stream.destroy(error),
    ),
  )
  const broken = () => {
    if (!isEnded || !isLast) stream.destroy(new Error('the connection broke off'))
  }
  socket.on('error', (error) => stream.destroy(error))
  socket.on('end', broken)
  socket.on('close', broken)
  return stream
}
