// How many connections a listener takes, by source and in all. When all are taken, the source that has most loses its oldest, so that
// who opens ten thousand has them in the end against himself and not against others.
import type { Server, Socket } from 'node:net'
import { OpenSockets } from '../http/open-sockets.ts'

export interface ConnectionLimits {
  /** Connections of one source; what is beyond is closed at once. */
  each: number
  /** Of all sources together. */
  all: number
  /** Milliseconds after which a connection ends, whatever it does. */
  lifeMs: number
}

export interface SharedConnections {
  /** Counts the connections of a server; `scope` tells sources with the same address in different networks apart. */
  watch(server: Server, scope: string): void
  /** How many there are now. */
  readonly count: number
}

/** Limits that several servers share. */
export function shareConnections(limits: ConnectionLimits): SharedConnections {
  const open = new OpenSockets()

  function take(source: string, socket: Socket): void {
    if (open.of(source).size >= limits.each) return void socket.destroy()
    const timer = setTimeout(() => socket.destroy(), limits.lifeMs)
    socket.once('close', () => clearTimeout(timer))
    open.add(source, socket)
    if (open.all.size > limits.all) for (const oldest of [...open.ofGreediest()].slice(0, 1)) open.end(oldest)
  }

  return {
    watch: (server, scope) => void server.on('connection', (socket: Socket) => take(`${scope} ${socket.remoteAddress ?? ''}`, socket)),
    get count() {
      return open.all.size
    },
  }
}
