// How many connections a listener takes, by source and in all. When all are taken, the source that has most loses its oldest, so that
// who opens ten thousand has them in the end against himself and not against others.
import type { Server, Socket } from 'node:net'

export interface ConnectionLimits {
  /** Connections of one source; what is beyond is closed at once. */
  each: number
  /** Of all sources together. */
  all: number
  /** Milliseconds after which a connection ends, whatever it does. */
  lifeMs: number
}

export interface LimitedConnections {
  /** Counts the connections of a server; `scope` tells sources with the same address in different networks apart. */
  watch(server: Server, scope: string): void
  /** How many there are now. */
  readonly count: number
}

/** Limits that several servers share. */
export function limitConnections(limits: ConnectionLimits): LimitedConnections {
  /** Sockets of each source, oldest first, with what takes them out of the count. */
  const bySource = new Map<string, Map<Socket, () => void>>()
  let count = 0

  function endOldestOfGreediest(): void {
    let most = new Map<Socket, () => void>()
    for (const sockets of bySource.values()) if (sockets.size > most.size) most = sockets
    const [[socket, forget]] = [...most].slice(0, 1) as [[Socket, () => void]]
    forget()
    socket.destroy()
  }

  function take(source: string, socket: Socket): void {
    const own = bySource.get(source) ?? new Map<Socket, () => void>()
    if (own.size >= limits.each) return void socket.destroy()
    const timer = setTimeout(() => socket.destroy(), limits.lifeMs)
    const forget = () => {
      if (!own.delete(socket)) return
      clearTimeout(timer)
      count--
      if (own.size === 0) bySource.delete(source)
    }
    bySource.set(source, own.set(socket, forget))
    socket.once('close', forget)
    if (++count > limits.all) endOldestOfGreediest()
  }

  return {
    watch: (server, scope) => void server.on('connection', (socket: Socket) => take(`${scope} ${socket.remoteAddress ?? ''}`, socket)),
    get count() {
      return count
    },
  }
}
