// Who asks, and how, when a proxy that the operator trusts stands in between. Nobody else is believed.
import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'

interface Forwarded {
  address: string
  scheme: 'http' | 'https'
  host: string | undefined
}

const requests = new WeakMap<IncomingMessage, Forwarded>()

const hostName = /^[A-Za-z0-9.:[\]-]{1,255}$/

/** Address in the form in which it is compared: IPv4 also where it came as ::ffff:a.b.c.d. Null when it is none. */
function parsed(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  return ipaddr.isValid(text) ? ipaddr.process(text) : null
}

/** Tells whether an address is within these addresses and networks (`127.0.0.1`, `10.0.0.0/8`). */
export function addressList(entries: readonly string[]): (address: string) => boolean {
  const networks = entries.map((entry) => {
    if (entry.includes('/')) return ipaddr.parseCIDR(entry)
    const address = ipaddr.process(entry)
    return [address, address.kind() === 'ipv4' ? 32 : 128] as [ipaddr.IPv4 | ipaddr.IPv6, number]
  })
  return (text) => {
    const address = networks.length ? parsed(text) : null
    return (
      address !== null && networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network as never, bits))
    )
  }
}

/** Reads X-Forwarded-For, -Proto and -Host of a request, when the one who sent it `isTrusted`. */
export function readForwarded(request: IncomingMessage, isTrusted: (address: string) => boolean): void {
  const peer = request.socket.remoteAddress ?? ''
  if (!isTrusted(peer)) return
  const values = (name: string) =>
    String(request.headers[name] ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
  // Each proxy adds at the end whom it saw: the last one that is no proxy of ours is the client.
  const client = values('x-forwarded-for').findLast((address) => !isTrusted(address))
  const host = values('x-forwarded-host')[0]
  requests.set(request, {
    address: client !== undefined && parsed(client) ? client : peer,
    scheme: values('x-forwarded-proto')[0]?.toLowerCase() === 'https' ? 'https' : 'http',
    host: host !== undefined && hostName.test(host) ? host : undefined,
  })
}

/** The address of who asks: of the connection, or what a trusted proxy says. */
export const clientAddress = (request: IncomingMessage): string => requests.get(request)?.address ?? request.socket.remoteAddress ?? ''

/** Whether the client's side of the request is TLS: known where a trusted proxy says so. */
export const clientScheme = (request: IncomingMessage): 'http' | 'https' => requests.get(request)?.scheme ?? 'http'

/** Host and port by which the client reached this cloud; undefined when it says nothing that is a host. */
export function clientHost(request: IncomingMessage): string | undefined {
  const host = requests.get(request)?.host ?? request.headers.host
  return host !== undefined && hostName.test(host) ? host : undefined
}
