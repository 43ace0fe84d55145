// Answers guests' requests to 169.254.169.254. Who asks is told by the network on which the request came and by its source
// address, which the port's filter vouches for; no header of the request is looked at.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { contained, tellFaults } from '../../contain.ts'
import type { Log } from '../../log.ts'

/** The answer to a path of the metadata tree; null when there is none (or no such guest). */
export type MetadataSource = (
  networkId: string,
  ip: string,
  path: string,
  posted?: string,
) => Promise<{ status: number; body: string } | null>

const longestPath = 1024
const answerTimeoutMs = 10_000

/** A server, not yet listening, for the guests of one network. */
export function metadataServer(networkId: string, source: MetadataSource, log: Log): Server {
  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: 5000,
    requestTimeout: 10_000,
    keepAliveTimeout: 2000,
    connectionsCheckingInterval: 2000,
  })
  server.maxRequestsPerSocket = 1000
  // A guest that does not read its answers.
  server.timeout = 10_000
  server.on(
    'request',
    contained(
      (request, response) => answer(networkId, source, log, request, response),
      (error, _request, response) => {
        log.debug({ networkId, error: error.message }, 'a metadata request was broken off')
        response.destroy()
      },
    ),
  )
  tellFaults(server, log, 'the metadata listener cannot take a connection')
  return server
}

async function answer(
  networkId: string,
  source: MetadataSource,
  log: Log,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const say = (status: number, body: string, headers: Record<string, string> = {}) => {
    const type = body.startsWith('{') || body.startsWith('[') ? 'application/json' : 'text/plain; charset=utf-8'
    response.writeHead(status, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)), ...headers })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
  request.on('error', () => response.destroy())
  const path = pathOf(request.url ?? '')
  // The one thing that a guest may leave: its password, encrypted by itself for its owner.
  const mayPost = request.method === 'POST' && path !== null && /^\/openstack\/[\w-]+\/password$/.test(path)
  const posted = mayPost ? await shortBody(request) : undefined
  if (posted === null) return say(400, 'at most 1024 bytes of text\n', { connection: 'close' })
  if (!mayPost) request.resume()
  if (!mayPost && request.method !== 'GET' && request.method !== 'HEAD')
    return say(405, 'only GET and HEAD are answered\n', { allow: 'GET, HEAD', connection: 'close' })
  const ip = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  if (path === null || !ip) return say(400, 'malformed path\n')
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), answerTimeoutMs)
    })
    const found = await Promise.race([source(networkId, ip, path, posted), late])
    if (found) say(found.status, found.body)
    else say(404, 'not found\n')
  } catch (error) {
    log.error({ networkId, ip, path, error: (error as Error).message }, 'metadata request failed')
    if (!response.headersSent) say(500, 'the metadata service has failed\n')
  } finally {
    clearTimeout(timer)
  }
}

const longestPost = 1024

/** The text that was sent; null when it is too long, empty or no printable text. */
async function shortBody(request: IncomingMessage): Promise<string | null> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > longestPost) return null
  }
  return /^[\x20-\x7e\r\n]+$/.test(text) ? text : null
}

/** The decoded path without query and surplus slashes (`/latest/meta-data/`); null when it is none. */
export function pathOf(url: string): string | null {
  const raw = url.split('?')[0]!
  if (!raw.startsWith('/') || raw.length > longestPath) return null
  try {
    const path = decodeURIComponent(raw).replace(/\/{2,}/g, '/')
    return /[\0-\x1f\x7f]/.test(path) || path.split('/').includes('..') ? null : path
  } catch {
    return null
  }
}
