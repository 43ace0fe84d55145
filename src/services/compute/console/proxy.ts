// The console proxy: a page with noVNC, and WebSockets that carry a guest's VNC stream to whoever holds its token.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Listener } from '../../../api/service.ts'
import type { Cloud } from '../../../cloud.ts'
import { findServer } from '../servers/store.ts'
import { noteConsole } from './open-consoles.ts'
import { servePage } from './page.ts'
import { redeemConsoleToken } from './tokens.ts'

export const consolePort = 6080

/** Unread bytes of the viewer at which the guest's stream is held back. */
const highWater = 1 << 20

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: 1 << 20,
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false),
})

const refuse = (socket: Duplex, status: string) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)

/** A page of another site may not open a console, even with a token that leaked to it. Programs send no Origin. */
function sameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  try {
    return new URL(origin).host === host
  } catch {
    return false
  }
}

function tokenOf(request: IncomingMessage): string {
  const query = new URL(request.url ?? '/', 'http://console').searchParams
  return query.get('token') ?? ''
}

async function connect(cloud: Cloud, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  if (!sameOrigin(request)) return void refuse(socket, '403 Forbidden')
  const token = tokenOf(request)
  const grant = token ? await redeemConsoleToken(cloud, token) : null
  const server = grant ? await findServer(cloud.database.read, grant.serverId, null) : undefined
  const calls = server?.host && server.vm_state === 'active' ? cloud.hosts.calls(server.host) : undefined
  if (!grant || !calls) {
    cloud.log.warn({ server: grant?.serverId }, 'console refused')
    return void refuse(socket, '403 Forbidden')
  }
  const stream = await calls.stream({ type: 'vnc', guestId: grant.serverId })
  sockets.handleUpgrade(request, socket, head, (viewer) => {
    cloud.log.info({ server: grant.serverId, user: grant.userId }, 'console opened')
    const forget = noteConsole(grant.serverId, () => viewer.close(1000))
    stream.on('data', (chunk: Buffer) => {
      viewer.send(chunk, { binary: true }, () => {
        if (stream.isPaused() && viewer.bufferedAmount < highWater) stream.resume()
      })
      if (viewer.bufferedAmount > highWater) stream.pause()
    })
    stream.on('end', () => viewer.close(1000))
    stream.on('error', () => viewer.close(1011))
    stream.on('close', () => viewer.close(1000))
    viewer.on('message', (data) => {
      if (stream.writable) stream.write(data as Buffer)
    })
    viewer.on('error', () => viewer.terminate())
    viewer.on('close', () => {
      forget()
      stream.destroy()
    })
  })
}

export const consoleListener: Listener = {
  name: 'console',
  port: consolePort,
  handle(_cloud, request, response, prefix) {
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
    servePage(new URL(request.url ?? '/', 'http://console').pathname.slice(prefix.length) || '/', response)
  },
  upgrade(cloud, request, socket, head) {
    socket.on('error', () => {})
    connect(cloud, request, socket, head).catch((error) => {
      cloud.log.error({ error: error.message }, 'console')
      refuse(socket, '502 Bad Gateway')
    })
  },
}
