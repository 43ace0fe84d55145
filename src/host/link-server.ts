// The control process's end of the link: answers agents, and calls them over the connection that each keeps open.
import { chmodSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { Duplex } from 'node:stream'
import { contained, jsonObject, lineReader, tellFaults } from '../contain.ts'
import type { Log } from '../log.ts'
import { eachCall } from './calls.ts'
import { HostNameTaken, type Hosts, type SyncRequest } from './client.ts'
import { framed } from './frames.ts'

const waitMs = 10_000
const callTimeoutMs = 15_000
const maxBody = 64 * 2 ** 20
/** Of an answer to a call: a console log of 1 MiB, each of whose bytes JSON may spell in six. */
export const maxLine = 16 * 2 ** 20
/** Agents, streams and commands at once; far above what one user's own programs open. */
const maxConnections = 4096

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Serves agents on a unix socket that only this user may open. `more` answers other requests on the same socket. */
export async function serveLink(parts: {
  socketPath: string
  hosts: Hosts
  log: Log
  more?(request: http.IncomingMessage, response: http.ServerResponse): void | Promise<void>
  moreUpgrades?(asked: { path: string; query: URLSearchParams }, socket: Duplex): void | Promise<void>
}): Promise<{ close(): Promise<void> }> {
  const { hosts, log } = parts
  const pokes = new Map<string, AbortController>()
  // A poke may overtake the contact that it belongs to: the next contact then does not wait.
  const early = new Set<string>()
  /** Streams that agents were asked for, each by the agent that was asked: no other may open it. */
  const streams = new Map<number, Pending & { agent: string }>()
  let nextId = 1

  async function body(request: http.IncomingMessage): Promise<Record<string, unknown>> {
    const chunks: Buffer[] = []
    let size = 0
    // A fault of what is in it is no client that has gone: the request must not end with the reading.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length
      if (size > maxBody) throw new Error('too large')
      chunks.push(chunk as Buffer)
    }
    return jsonObject(Buffer.concat(chunks).toString())
  }

  async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (request.url === '/agent/sync') {
      const sync = (await body(request)) as unknown as SyncRequest
      const poke = new AbortController()
      const key = `${sync.host} ${sync.session}`
      pokes.set(key, poke)
      if (early.delete(key)) poke.abort()
      response.once('close', () => poke.abort()) // the agent is gone, or the answer is
      const answer = await hosts.sync(sync, waitMs, poke.signal).finally(() => pokes.delete(key))
      response.end(JSON.stringify(answer))
    } else if (request.url === '/agent/poke') {
      const { host, session } = (await body(request)) as { host?: string; session?: string }
      const key = `${host} ${session}`
      const waiting = pokes.get(key)
      if (waiting) waiting.abort()
      else if (early.size < 1000) early.add(key)
      response.end('{}')
    } else if (parts.more) await parts.more(request, response)
    else response.writeHead(404).end()
  }

  function takeCalls(host: string, agent: string, socket: Duplex): void {
    const pending = new Map<number, Pending>()
    const call = (id: number, method: string, input: object): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id)
          reject(new Error(`host ${host} did not answer`))
        }, callTimeoutMs)
        const settle =
          <A>(next: (value: A) => void) =>
          (value: A) => {
            clearTimeout(timer)
            pending.delete(id)
            next(value)
          }
        pending.set(id, { resolve: settle(resolve), reject: settle(reject) })
        socket.write(`${JSON.stringify({ ...input, id, method })}\n`)
      })
    /** The agent opens the stream before it answers. */
    const open = (id: number, method: string, input: object): Promise<unknown> =>
      new Promise((resolve, reject) => {
        streams.set(id, { resolve, reject, agent })
        const none = (error: Error) => {
          if (streams.delete(id)) reject(error)
        }
        call(id, method, input).then(() => none(new Error(`host ${host} opened no stream`)), none)
      })
    const asked = eachCall((method, isStream) => (input) => (isStream ? open : call)(nextId++, method, input))
    const disconnect = hosts.connect(host, asked)
    const read = lineReader(maxLine, (line) => {
      const answer = jsonObject(line) as { id?: number; result?: unknown; error?: unknown }
      const waiter = pending.get(answer.id as number)
      if (answer.error !== undefined) waiter?.reject(new Error(String(answer.error)))
      else waiter?.resolve(answer.result)
    })
    socket.on(
      'data',
      contained(read, (error) => {
        log.error({ host, error: error.message }, 'an agent sent what is no answer; its connection is closed')
        socket.destroy()
      }),
    )
    socket.on('error', () => {})
    socket.on('close', () => {
      disconnect()
      for (const waiter of pending.values()) waiter.reject(new Error(`host ${host} went away`))
    })
  }

  const server = http.createServer(
    { headersTimeout: 10_000, requestTimeout: 120_000, connectionsCheckingInterval: 5000 },
    contained(serve, (error, request, response) => {
      // Who has gone needs no answer, and nobody has to act on it.
      if (request.destroyed && !request.complete) return void response.destroy()
      if (!(error instanceof HostNameTaken)) log.error({ error: error.stack }, 'agent link')
      if (response.headersSent) return void response.destroy()
      response.writeHead(error instanceof HostNameTaken ? 409 : 500, { connection: 'close' }).end(error.message)
    }),
  )
  server.maxConnections = maxConnections
  tellFaults(server, log, 'the control socket cannot take a connection')
  const accept = (socket: Duplex, protocol: string) =>
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`)
  /** Consoles of a host's guests are asked of its agent, and of nobody who only says its name. */
  async function admit(query: URLSearchParams, socket: Duplex, head: Buffer): Promise<void> {
    const host = query.get('host') ?? ''
    if (!(await hosts.isAgent(host, query.get('session') ?? ''))) return void socket.end('HTTP/1.1 409 Conflict\r\n\r\n')
    accept(socket, 'nephos-calls')
    if (head.length) socket.unshift(head)
    takeCalls(host, agentIn(query), socket)
  }

  const agentIn = (query: URLSearchParams) => `${query.get('host')} ${query.get('session')}`
  const upgraded = new Set<Duplex>()
  function takeUpgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): unknown {
    upgraded.add(socket)
    socket.on('close', () => upgraded.delete(socket))
    socket.on('end', () => socket.end()) // Node's HTTP sockets stay half open otherwise
    socket.on('error', () => {})
    // Not by URL, which throws for some of what a request line may hold.
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    const asked = { path, query: new URLSearchParams(query) }
    const stream = /^\/agent\/stream\/(\d{1,15})$/.exec(path)
    if (stream) {
      const waiter = streams.get(Number(stream[1]))
      if (waiter?.agent !== agentIn(asked.query)) return socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      streams.delete(Number(stream[1]))
      accept(socket, 'nephos-frames')
      if (head.length) socket.unshift(head)
      return waiter.resolve(framed(socket))
    }
    if (path === '/agent/calls') return admit(asked.query, socket, head)
    return parts.moreUpgrades ? parts.moreUpgrades(asked, socket) : socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
  }
  server.on(
    'upgrade',
    contained(takeUpgrade, (error, _request, socket) => {
      log.error({ error: error.stack }, 'agent link')
      socket.destroy()
    }),
  )
  rmSync(parts.socketPath, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(parts.socketPath, () => resolve())
  })
  chmodSync(parts.socketPath, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        for (const poke of pokes.values()) poke.abort()
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of upgraded) socket.destroy()
      }),
  }
}
