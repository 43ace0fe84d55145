// How many connections a server holds, how long each may be idle, and which goes when there are too many.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { OpenSockets } from './open-sockets.ts'

export interface ConnectionLimits {
  /** All connections of this server together. */
  total: number
  /** Those of one address. */
  perAddress: number
  /** Whether `perAddress` does not hold for that address: a proxy has all its clients behind one. */
  isExempt?(address: string): boolean
  /** Seconds without a byte in either direction after which a request or answer that is under way is given up. */
  stalledSeconds: number
}

/** Requests that may wait on a connection for the one before them: who sends more ahead of the answers asks for more than he reads. */
const mostWaiting = 64

/**
 * Gives the requests of `server` to `handle` and holds it to these limits. When one is reached the connection that has waited longest
 * without a request makes room for the new one, so that idle connections keep nobody out; where all are at work the new one is closed.
 * A request whose body comes no further is answered 408, an answer that nobody reads is broken off; work that is under way is left
 * alone, however long it takes. A connection has one request at work: those that came with it or behind it wait until that is answered,
 * and the connection of one who sends on and on ahead ends. What it gives ends all connections, also those that are WebSockets by now,
 * which the server itself does not know any more.
 */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): () => void {
  /** Of each address, and in all: those without a request first that have waited longest. */
  const open = new OpenSockets()
  /** What is at work on a connection. */
  const answers = new WeakMap<Socket, ServerResponse>()
  const waiting = new WeakMap<Socket, [IncomingMessage, ServerResponse][]>()

  /** Closes the connection of these that has waited longest without a request; false when all have one. */
  const makeRoom = (sockets: ReadonlySet<Socket>): boolean => {
    for (const socket of sockets) {
      if (answers.has(socket)) continue
      open.end(socket)
      return true
    }
    return false
  }

  server.on('connection', (socket: Socket) => {
    const key = socket.remoteAddress ?? ''
    const full = open.of(key).size >= limits.perAddress && !limits.isExempt?.(key)
    if ((full && !makeRoom(open.of(key))) || (open.all.size >= limits.total && !makeRoom(open.all))) return void socket.destroy()
    open.add(key, socket)
  })

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    answers.set(socket, response)
    response.once('close', () => {
      if (answers.get(socket) !== response) return
      answers.delete(socket)
      const next = waiting.get(socket)?.shift()
      // Behind an answer that is the last of its connection nothing has a socket.
      if (next?.[1].socket && !socket.destroyed) return begin(...next)
      waiting.delete(socket)
      open.renew(socket)
    })
    handle(request, response)
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    if (!answers.has(socket)) return begin(request, response)
    const line = waiting.get(socket) ?? []
    if (line.length >= mostWaiting) return open.end(socket)
    waiting.set(socket, line)
    line.push([request, response])
  })
  server.on('upgrade', (_request, socket: Socket) => {
    // The connection of one who does not wait for the answer before that.
    if (answers.has(socket)) return open.end(socket)
    socket.setTimeout(0)
    answers.set(socket, {} as ServerResponse)
  })

  server.setTimeout(limits.stalledSeconds * 1000, (socket: Socket) => {
    const response = answers.get(socket)
    if (!response) return void socket.destroy()
    if (response.req.complete && !response.headersSent) return
    if (!response.headersSent) {
      response.writeHead(408, { connection: 'close', 'content-length': 0 })
      response.end()
      // Whatever the handler does with the body that ends here, the connection is over.
      setImmediate(() => socket.destroySoon())
    } else socket.destroy()
  })

  return () => {
    for (const socket of open.all) socket.destroy()
  }
}
