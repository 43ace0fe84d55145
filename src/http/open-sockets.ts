// Who is connected: sockets by the source that they come from and in all, oldest first. Servers decide by it who has to make room.
import type { Socket } from 'node:net'

const none: ReadonlySet<Socket> = new Set()

export class OpenSockets {
  readonly all = new Set<Socket>()
  readonly #bySource = new Map<string, Set<Socket>>()
  readonly #sources = new WeakMap<Socket, string>()

  /** Those of one source. */
  of(source: string): ReadonlySet<Socket> {
    return this.#bySource.get(source) ?? none
  }

  /** Those of the source that has most. */
  ofGreediest(): ReadonlySet<Socket> {
    let most = none
    for (const sockets of this.#bySource.values()) if (sockets.size > most.size) most = sockets
    return most
  }

  /** Counts it until it closes. */
  add(source: string, socket: Socket): void {
    this.#sources.set(socket, source)
    this.#bySource.set(source, (this.#bySource.get(source) ?? new Set()).add(socket))
    this.all.add(socket)
    socket.once('close', () => this.#forget(socket))
  }

  /** Ends it, and counts it no longer from now on. */
  end(socket: Socket): void {
    this.#forget(socket)
    socket.destroy()
  }

  /** Puts it behind the others, as if it had come now. */
  renew(socket: Socket): void {
    for (const sockets of [this.#bySource.get(this.#sources.get(socket) ?? ''), this.all]) if (sockets?.delete(socket)) sockets.add(socket)
  }

  #forget(socket: Socket): void {
    const source = this.#sources.get(socket) ?? ''
    const mine = this.#bySource.get(source)
    this.all.delete(socket)
    if (mine?.delete(socket) && mine.size === 0) this.#bySource.delete(source)
  }
}
