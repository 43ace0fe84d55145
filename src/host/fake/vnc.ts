// The fake host's screen: an RFB 3.8 server with one black picture, enough for a viewer to connect and see something.
import { Duplex } from 'node:stream'

const width = 640
const height = 400

/** The server's end of a new connection, as a stream. */
export function fakeScreen(name: string): Duplex {
  let stage: 'version' | 'security' | 'init' | 'running' = 'version'
  let pending = Buffer.alloc(0)
  /** Bytes that are yet to come of a message that says nothing to this screen: they are not kept. */
  let skipped = 0
  /** One picture is made for all requests that come while the viewer does not read. */
  let isWanted = false
  let isRead = true
  const stream = new Duplex({
    read() {
      isRead = true
      if (isWanted) sendPicture()
    },
    write(chunk: Buffer, _encoding, done) {
      const dropped = Math.min(skipped, chunk.length)
      skipped -= dropped
      pending = Buffer.concat([pending, chunk.subarray(dropped)])
      while (step()) {
        // as many messages as have come
      }
      done()
    },
    final(done) {
      stream.push(null)
      done()
    },
  })
  const take = (count: number): Buffer | null => {
    if (pending.length < count) return null
    const taken = pending.subarray(0, count)
    pending = pending.subarray(count)
    return taken
  }
  function sendPicture(): void {
    const head = Buffer.alloc(16)
    head.writeUInt16BE(1, 2)
    head.writeUInt16BE(width, 8)
    head.writeUInt16BE(height, 10)
    isWanted = false
    isRead = stream.push(Buffer.concat([head, Buffer.alloc(width * height * 4)]))
  }
  /** Leaves out so many bytes, of which some may not have come yet. */
  function skip(count: number): true {
    const here = Math.min(count, pending.length)
    pending = pending.subarray(here)
    skipped = count - here
    return true
  }
  function step(): boolean {
    if (stage === 'version') {
      if (!take(12)) return false
      stream.push(Buffer.from([1, 1])) // one security type: none
      stage = 'security'
      return true
    }
    if (stage === 'security') {
      if (!take(1)) return false
      stream.push(Buffer.alloc(4))
      stage = 'init'
      return true
    }
    if (stage === 'init') {
      if (!take(1)) return false
      const title = Buffer.from(name)
      const init = Buffer.alloc(24)
      init.writeUInt16BE(width, 0)
      init.writeUInt16BE(height, 2)
      // 32 bits a pixel, depth 24, little endian, true colour
      init.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4)
      init.writeUInt32BE(title.length, 20)
      stream.push(Buffer.concat([init, title]))
      stage = 'running'
      return true
    }
    const type = pending[0]
    if (type === undefined) return false
    const sizes: Record<number, number> = { 0: 20, 3: 10, 4: 8, 5: 6 }
    if (type === 2) return pending.length >= 4 && skip(4 + 4 * pending.readUInt16BE(2))
    if (type === 6) return pending.length >= 8 && skip(8 + pending.readUInt32BE(4))
    const size = sizes[type]
    if (!size) {
      stream.destroy()
      return false
    }
    const message = take(size)
    if (!message) return false
    if (type === 3 && message[1] === 0) {
      isWanted = true
      if (isRead) sendPicture()
    }
    return true
  }
  stream.push('RFB 003.008\n')
  return stream
}
