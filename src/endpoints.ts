// Where the services are reached: each on its own port, or all on one under path prefixes.
import type { IncomingMessage } from 'node:http'
import type { Listener, ServiceDeclaration } from './api/service.ts'
import type { Config } from './config.ts'
import { clientHost, clientScheme } from './http/forwarded.ts'

export interface ListenAt {
  port: number
  services: { prefix: string; service: ServiceDeclaration }[]
  others: { prefix: string; listener: Listener }[]
}

export interface Endpoints {
  /** Root of a service (or another listener, by its name) for clients, as the catalog has it: `http://127.0.0.1:8774`. */
  root(serviceName: string, port?: number): string
  /** Root of the service that gives tokens. */
  identityRoot(): string
  /** The same as this client reached it: by its Host header, or as a trusted proxy says. */
  base(serviceName: string, request: IncomingMessage, prefix: string): string
  /** A URL of the catalog for this client: one of this cloud is https behind a trusted proxy that says so. */
  shown(url: string, request: IncomingMessage): string
  /** Ports to listen on, each with the services behind it by path prefix ('' where a service has the port to itself). */
  listeners(): ListenAt[]
}

export function createEndpoints(config: Config, services: ServiceDeclaration[]): Endpoints {
  const host = config.publicHost ?? (config.listen === '0.0.0.0' || config.listen === '::' ? '127.0.0.1' : config.listen)
  const shown = host.includes(':') ? `[${host}]` : host
  const others = services.flatMap((service) => service.listeners ?? [])
  const ports = new Map([
    ...others.map(({ name, port }) => [name, port] as const),
    ...services.map((s) => [s.name, s.ports[0] ?? 0] as const),
  ])
  return {
    root(serviceName, port) {
      if (config.singlePort !== null) return `http://${shown}:${config.singlePort}/${serviceName}`
      return `http://${shown}:${(port ?? ports.get(serviceName) ?? 0) + config.portOffset}`
    },
    identityRoot() {
      return this.root('identity')
    },
    base(serviceName, request, prefix) {
      const host = clientHost(request)
      return host ? `${clientScheme(request)}://${host}${prefix}` : this.root(serviceName)
    },
    shown(url, request) {
      if (clientScheme(request) !== 'https' || !url.startsWith(`http://${shown}:`)) return url
      const rest = url.slice(`http://${shown}`.length)
      // With all services on one port the proxy has one name for all of them; else it listens on the same ports as we do.
      const host = config.singlePort !== null && rest.startsWith(`:${config.singlePort}`) ? clientHost(request) : undefined
      return host ? `https://${host}${rest.slice(`:${config.singlePort}`.length)}` : `https://${shown}${rest}`
    },
    listeners() {
      if (config.singlePort !== null) {
        return [
          {
            port: config.singlePort,
            services: services.map((service) => ({ prefix: `/${service.name}`, service })),
            others: others.map((listener) => ({ prefix: `/${listener.name}`, listener })),
          },
        ]
      }
      return [
        ...services.flatMap((service) =>
          service.ports.map((port) => ({ port: port + config.portOffset, services: [{ prefix: '', service }], others: [] })),
        ),
        ...others.map((listener) => ({ port: listener.port + config.portOffset, services: [], others: [{ prefix: '', listener }] })),
      ]
    },
  }
}
