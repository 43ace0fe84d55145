// How many connections a server holds, how long each may be idle, and which goes when there are too many.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

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

/**
 * Holds `server` to these limits. When one is reached the connection that has waited longest without a request makes room for the new
 * one, so that idle connections keep nobody out; where all are at work the new one is closed. A request whose body comes no further
 * is answered 408, an answer that nobody reads is broken off; work that is under way is left alone, however long it takes. What it gives
 * ends all connections, also those that are WebSockets by now, which the server itself does not know any more.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): () => void {
  /** Of each address the connections, those without a request first that have waited longest. */
  const open = new Map<string, Set<Socket>>()
  const all = new Set<Socket>()
  const answers = new WeakMap<Socket, ServerResponse>()

  /** Closes the connection of these that has waited longest without a request; false when all have one. */
  const makeRoom = (sockets: Set<Socket>): boolean => {
    for (const socket of sockets) {
      if (answers.has(socket)) continue
      forget(socket)
      socket.destroy()
      return true
    }
    return false
  }
  const forget = (socket: Socket) => {
    const key = addresses.get(socket)
    if (key === undefined) return
    all.delete(socket)
    const mine = open.get(key)
    mine?.delete(socket)
    if (mine?.size === 0) open.delete(key)
  }
  const addresses = new WeakMap<Socket, string>()

  server.on('connection', (socket: Socket) => {
    const key = socket.remoteAddress ?? ''
    const mine = open.get(key) ?? new Set()
    const full = mine.size >= limits.perAddress && !limits.isExempt?.(key)
    if ((full && !makeRoom(mine)) || (all.size >= limits.total && !makeRoom(all))) return void socket.destroy()
    addresses.set(socket, key)
    open.set(key, mine.add(socket))
    all.add(socket)
    socket.once('close', () => forget(socket))
  })

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    answers.set(socket, response)
    response.once('close', () => {
      if (answers.get(socket) !== response) return
      answers.delete(socket)
      const mine = open.get(addresses.get(socket) ?? '')
      // To the end of those that wait.
      if (mine?.delete(socket)) mine.add(socket)
      if (all.delete(socket)) all.add(socket)
    })
  })
  server.on('upgrade', (_request, socket: Socket) => {
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
    for (const socket of all) socket.destroy()
  }
}
