// HTTP listeners over the service pipelines, with limits on headers, time and connections.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Cloud } from './cloud.ts'
import { contained, tellFaults } from './contain.ts'
import { limitConnections } from './http/connections.ts'
import { continueWhenRead } from './http/expect.ts'
import { addressList, readForwarded } from './http/forwarded.ts'
import { SpelledResponse } from './http/spelling.ts'

type Request = http.IncomingMessage
type Response = http.ServerResponse

/** Seconds without a byte after which a request that is under way is given up: Swift's client_timeout. */
const stalledSeconds = 60

/** Whether the target is a path (RFC 9112, 3.2.1). A fragment in it would be seen by some who read it and not by others. */
const isOrigin = (request: Request) => request.url!.startsWith('/') && !request.url!.includes('#')

/** Whether the body came in a coding that nobody takes off here: read as it stands it would be another one. Only chunks are known. */
const isCoded = ({ headers }: Request) => (headers['transfer-encoding'] ?? 'chunked').trim().toLowerCase() !== 'chunked'

/** What a request hears that the parser does not take. One whose method nobody knows is a request all the same. */
function refusal({ code, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): { status: string; more?: string } {
  if (code === 'HPE_HEADER_OVERFLOW') return { status: '431 Request Header Fields Too Large' }
  const unknown = code === 'HPE_INVALID_METHOD' && /^[A-Z]{1,40} \/\S* HTTP\/1\.[01]\r\n/.test(rawPacket?.toString('latin1', 0, 2000) ?? '')
  return unknown
    ? { status: '405 Method Not Allowed', more: 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, COPY, OPTIONS\r\n' }
    : { status: '400 Bad Request' }
}

/** The end of an answer whose making failed: a bare 500 where nothing was sent yet. */
function end(response: Response): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(500, { 'content-length': 0, connection: 'close' }).end()
}

interface Route {
  prefix: string
  handle(request: Request, response: Response): unknown
  upgrade?(request: Request, socket: Duplex, head: Buffer): unknown
}

/**
 * Opens all API ports; gives a function that closes them, letting running requests end. Requests that come before `ready` wait for
 * it: whoever is answered finds the cloud whole, its catalog, its files for clients and its first user.
 */
export async function listen(cloud: Cloud, ready?: Promise<void>): Promise<() => Promise<void>> {
  const servers: { server: http.Server; endAll(): void }[] = []
  const waiting: (() => void)[] = []
  let isReady = ready === undefined
  ready?.then(
    () => {
      isReady = true
      for (const go of waiting.splice(0)) go()
    },
    () => {
      for (const { endAll } of servers) endAll() // the start failed: nobody waits for it
    },
  )
  const whenReady =
    <T extends unknown[]>(action: (...given: T) => void) =>
    (...given: T) => {
      if (isReady) action(...given)
      else waiting.push(() => action(...given))
    }
  const requestId = () => `req-${cloud.environment.uuid()}`
  const { config, log } = cloud
  const failed = (listener: string, error: Error) => log.error({ listener, error: error.stack ?? String(error) }, 'listener failed')
  const isTrusted = addressList(
    config.trustedProxies
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )
  for (const { port, services, others } of cloud.endpoints.listeners()) {
    const routes: Route[] = [
      ...services.map(({ prefix, service }) => {
        const pipeline = cloud.pipelines.get(service.name)!
        return { prefix, handle: (request: Request, response: Response) => pipeline.handle(request, response, prefix) }
      }),
      ...others.map(({ prefix, listener }) => ({
        prefix,
        handle: (request: Request, response: Response) => listener.handle(cloud, request, response, prefix),
        ...(listener.upgrade && {
          upgrade: (request: Request, socket: Duplex, head: Buffer) => listener.upgrade!(cloud, request, socket, head, prefix),
        }),
      })),
    ]
    const alone = routes.length === 1 && routes[0]!.prefix === '' ? routes[0]! : null
    const routeOf = (request: Request) =>
      alone ?? routes.find(({ prefix }) => request.url!.startsWith(prefix) && /^(\/|\?|$)/.test(request.url!.slice(prefix.length)))
    const server = http.createServer({
      maxHeaderSize: 32 * 1024,
      requestTimeout: 0,
      headersTimeout: 20_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      // Any other offer of a protocol (HTTP/2, say) is not taken: its request is answered as it stands.
      shouldUpgradeCallback: (request) =>
        request.headers.upgrade?.toLowerCase() === 'websocket' && isOrigin(request) && routeOf(request)?.upgrade !== undefined,
      ServerResponse: SpelledResponse,
    })
    const handle = whenReady((request: Request, response: Response) => {
      readForwarded(request, isTrusted)
      const refused = isOrigin(request) ? isCoded(request) && 501 : 400
      const route = refused ? undefined : routeOf(request)
      if (route)
        contained(
          () => route.handle(request, response),
          (error) => {
            failed('request', error)
            end(response)
          },
        )()
      else {
        const body = JSON.stringify({ services: services.map(({ prefix }) => `${prefix}/`) })
        const [req, status] = [requestId(), refused || (request.url === '/' ? 200 : 404)]
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-openstack-request-id': req }
        response.writeHead(status, { ...headers, ...(refused && { connection: 'close' }) }).end(body)
        log.info({ req, method: request.method, status }, 'request')
      }
    })
    if (routes.some((route) => route.upgrade)) {
      server.on('upgrade', (request, socket, head) => {
        socket.on('error', () => {}) // the client has gone: its connection ends by itself
        readForwarded(request, isTrusted)
        const take = contained(
          () => routeOf(request)!.upgrade!(request, socket, head),
          (error) => {
            failed('upgrade', error)
            socket.destroy()
          },
        )
        whenReady(take)()
      })
    }
    server.maxHeadersCount = 200
    const endAll = limitConnections(
      server,
      {
        total: config.maxConnections,
        perAddress: config.maxConnectionsPerAddress,
        isExempt: isTrusted,
        stalledSeconds,
      },
      handle,
    )
    server.on('checkContinue', (request, response) => {
      continueWhenRead(request, response)
      server.emit('request', request, response)
    })
    // An expectation that is not known is none: Node would answer 417 by itself.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response))
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (!socket.writable) return
      const [req, { status, more = '' }] = [requestId(), refusal(error)]
      socket.end(`HTTP/1.1 ${status}\r\n${more}Connection: close\r\nContent-Length: 0\r\nX-Openstack-Request-Id: ${req}\r\n\r\n`)
      log.info({ req, status: Number(status.slice(0, 3)), error: error.code }, 'request')
    })
    servers.push({ server, endAll })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, config.listen, () => {
        server.off('error', reject)
        // No descriptor left for a new connection, say: those that are there go on.
        tellFaults(server, log, 'connections cannot be taken')
        resolve()
      })
    }).catch(async (error) => {
      await close()
      throw error
    })
    // Port 0 means any free one: the endpoints must name the one that it became.
    if (port === 0) config.singlePort = (server.address() as AddressInfo).port
  }
  return close

  async function close(): Promise<void> {
    await Promise.all(
      servers.map(
        ({ server, endAll }) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeIdleConnections()
            setTimeout(endAll, 3000).unref()
          }),
      ),
    )
  }
}
