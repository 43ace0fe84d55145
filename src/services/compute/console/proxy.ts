// The console proxy: a page with noVNC, and WebSockets that carry a guest's VNC stream to whoever holds its token.
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Listener } from '../../../api/service.ts'
import type { Cloud } from '../../../cloud.ts'
import { mostViewers, noteConsole } from '../servers/open-consoles.ts'
import { sendText, servePage } from './page.ts'
import { type ConsoleGrant, consoleGrant } from './tokens.ts'

export const consolePort = 6080

/** Unread bytes of the viewer at which the guest's stream is held back. */
const highWater = 1 << 20
/** A viewer that has not answered a ping for so long has gone. */
const pingMs = 30_000

const sockets = new WebSocketServer({
  noServer: true,
  // What viewers send are keys, the pointer and pasted text.
  maxPayload: 1 << 20,
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false),
})

/** Why a connection is not made; `message` is for whoever asked. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** No body: a viewer that does not look at the status takes it for the screen. Whoever asks with GET is told why. */
function refuse(socket: Duplex, { status }: Refusal): void {
  if (!socket.writable) return void socket.destroy()
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  // Who does not take the answer is not waited for.
  setTimeout(() => socket.destroy(), 5000).unref()
}

/** The target's path and query: it need not be a URL, since anybody may send anything. */
function targetOf(request: IncomingMessage, prefix: string): { path: string; query: URLSearchParams } {
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s)
  return { path: path.slice(prefix.length) || '/', query: new URLSearchParams(query) }
}

/** A page of another site may not open a console, even with a token that leaked to it. Programs send no Origin. */
function isSameOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

/** The running server that a request's token is for. Throws a Refusal that says why it is for none. */
async function grantOf(cloud: Cloud, request: IncomingMessage, query: URLSearchParams): Promise<ConsoleGrant> {
  if (!isSameOrigin(request)) throw new Refusal(403, 'The console may only be opened from its own page.')
  const grant = await consoleGrant(cloud, query.get('token') ?? '')
  if (typeof grant === 'string') throw new Refusal(403, grant)
  return grant
}

async function connect(cloud: Cloud, request: IncomingMessage, socket: Duplex, head: Buffer, prefix: string): Promise<void> {
  const { query } = targetOf(request, prefix)
  const { serverId } = await grantOf(cloud, request, query)
  // Who has gone by now is never heard to go: the place would be taken for ever.
  if (socket.destroyed) return
  let stream: Duplex | null = null
  const forget = noteConsole(serverId, () => (stream ?? socket).destroy())
  if (!forget) throw new Refusal(429, `The server has ${mostViewers} viewers already.`)
  socket.once('close', forget)
  // Asked once more: whoever revoked the token before the connection was noted could not end it.
  const { host, userId, holds } = await grantOf(cloud, request, query)
  const calls = cloud.hosts.calls(host)
  if (!calls) throw new Refusal(503, 'The host of the server does not answer.')
  const screen = await calls.vnc({ guestId: serverId })
  stream = screen
  screen.on('error', () => socket.destroy())
  if (socket.destroyed) return void screen.destroy()
  // Also when the handshake is refused and nobody ever views it.
  socket.once('close', () => screen.destroy())
  sockets.handleUpgrade(request, socket, head, (viewer) => {
    cloud.log.info({ server: serverId, user: userId }, 'console opened')
    carry(cloud, screen, viewer, holds)
  })
}

/** Carries bytes both ways; the slower side holds the other back. It ends when the viewer has gone, or may look no longer. */
function carry({ environment }: Cloud, stream: Duplex, viewer: WebSocket, holds: ConsoleGrant['holds']): void {
  stream.on('data', (chunk: Buffer) => {
    viewer.send(chunk, { binary: true }, () => {
      if (stream.isPaused() && viewer.bufferedAmount < highWater) stream.resume()
    })
    if (viewer.bufferedAmount > highWater) stream.pause()
  })
  stream.on('end', () => viewer.close(1000))
  // One that is held back would not see that it is to close.
  stream.on('close', () => (viewer.isPaused ? viewer.terminate() : viewer.close(1000)))
  viewer.on('message', (data) => {
    if (stream.writable && !stream.write(data as Buffer)) viewer.pause()
  })
  stream.on('drain', () => viewer.resume())
  const gone = new AbortController()
  viewer.on('error', () => viewer.terminate())
  viewer.on('close', () => {
    gone.abort()
    stream.destroy()
  })
  endIdle(viewer, holds, (ms) => environment.clock.sleep(ms, gone.signal)).catch(() => viewer.terminate())
}

/** Ends a connection whose viewer no longer answers, or has lost the right. */
async function endIdle(viewer: WebSocket, holds: ConsoleGrant['holds'], sleep: (ms: number) => Promise<void>): Promise<void> {
  let isThere = true
  viewer.on('pong', () => {
    isThere = true
  })
  while (viewer.readyState === viewer.OPEN) {
    await sleep(pingMs)
    if (!isThere || !(await holds())) return viewer.terminate()
    isThere = false
    if (viewer.readyState === viewer.OPEN) viewer.ping()
  }
}

/** The Refusal that an error amounts to; what nobody foresaw is logged. */
function refusalOf(cloud: Cloud, error: unknown): Refusal {
  if (error instanceof Refusal) {
    cloud.log.warn({ why: error.message }, 'console refused')
    return error
  }
  cloud.log.error({ error: error instanceof Error ? error.stack : String(error) }, 'console failed')
  return new Refusal(502, 'The screen of the server cannot be reached.')
}

export const consoleListener: Listener = {
  name: 'console',
  port: consolePort,
  handle(cloud, request, response, prefix) {
    const answer = async () => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
      const { path, query } = targetOf(request, prefix)
      if (path !== '/websockify') return servePage(path, response)
      // Scripts cannot read why a WebSocket was refused: the page asks here.
      await grantOf(cloud, request, query)
      sendText(response, 426, 'The console is there, by WebSocket.', { upgrade: 'websocket' })
    }
    answer().catch((error) => {
      const { status, message } = refusalOf(cloud, error)
      if (response.headersSent) response.destroy()
      else sendText(response, status, message)
    })
  },
  upgrade(cloud, request, socket, head, prefix) {
    socket.on('error', () => socket.destroy())
    connect(cloud, request, socket, head, prefix).catch((error) => refuse(socket, refusalOf(cloud, error)))
  },
}
