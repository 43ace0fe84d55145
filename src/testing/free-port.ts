import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the range from which the system takes ports for outgoing connections and for `listen(0)`, so that one that was free stays
// free while a server of a test is away. Each process has a piece of its own, as files are tested side by side.
const first = 11_000
const piece = 64
const pieces = 320
let next = 0

/** A port of loopback on which nobody listens, and which no other test takes. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < piece; tries++) {
    const port = first + (process.pid % pieces) * piece + (next++ % piece)
    const server = createServer()
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
  throw new Error('no port of loopback is free')
}
