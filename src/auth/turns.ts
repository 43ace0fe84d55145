// Who may work when all cannot: each client waits in a line of its own, and the lines take turns, so that many requests of one delay
// the single one of another by no more than one turn.
import ipaddr from 'ipaddr.js'

/** Too many wait already: of this client, or in all. */
export class TooManyWaiting extends Error {
  readonly ofClient: boolean
  constructor(ofClient: boolean) {
    super('too many wait for their turn')
    this.ofClient = ofClient
  }
}

export interface Turns {
  /** Resolves when it is this client's turn; throws TooManyWaiting. */
  take(client: string): Promise<void>
  /** Ends a turn. */
  give(): void
}

/** `atOnce` turns at the same time, and so many waiting of one client and in all. */
export function createTurns({ atOnce, ofClient, inAll }: { atOnce: number; ofClient: number; inAll: number }): Turns {
  // A line goes to the end of the map when one of it had its turn.
  const lines = new Map<string, (() => void)[]>()
  let running = 0
  let waiting = 0
  return {
    async take(client) {
      if (running < atOnce) {
        running++
        return
      }
      const line = lines.get(client) ?? []
      if (line.length >= ofClient) throw new TooManyWaiting(true)
      if (waiting >= inAll) throw new TooManyWaiting(false)
      waiting++
      await new Promise<void>((resolve) => {
        line.push(resolve)
        lines.set(client, line)
      })
    },
    give() {
      const [next] = lines
      if (!next) {
        running--
        return
      }
      const [client, line] = next
      lines.delete(client)
      const [first, ...rest] = line
      if (rest.length) lines.set(client, rest)
      waiting--
      first!()
    },
  }
}

/** The line that an address waits in. A host has a whole IPv6 network of 64 bits to choose addresses from. */
export function lineOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv6' ? parsed.toByteArray().slice(0, 8).join('.') : parsed.toString()
}
