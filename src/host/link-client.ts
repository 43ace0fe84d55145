// The agent's end of the link: HTTP over the control process's unix socket. The agent always calls; nothing listens on hosts.
import http from 'node:http'
import type { Duplex } from 'node:stream'
import type { Log } from '../log.ts'
import type { Link } from './agent.ts'
import type { SyncAnswer } from './client.ts'
import type { Host, StreamTarget } from './driver.ts'

interface Call {
  id: number
  method: 'consoleLog' | 'forgetImage' | 'stream'
  guestId?: string
  lines?: number
  sha512?: string
  target?: StreamTarget
}

function post(socketPath: string, path: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const request = http.request(
      {
        socketPath,
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        timeout: 60_000,
      },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const received = Buffer.concat(chunks).toString()
          if (answer.statusCode === 200) resolve(JSON.parse(received || '{}'))
          else reject(new Error(received || `status ${answer.statusCode}`))
        })
      },
    )
    request.on('timeout', () => request.destroy(new Error('no answer in 60 s')))
    request.on('error', reject)
    request.end(text)
  })
}

/** Opens an upgraded connection: raw bytes both ways. */
export function upgrade(socketPath: string, path: string, protocol: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path, headers: { connection: 'Upgrade', upgrade: protocol } })
    request.on('upgrade', (_answer, socket, head) => {
      if (head.length) socket.unshift(head)
      resolve(socket)
    })
    request.on('response', (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => reject(new Error(text || `status ${answer.statusCode}`)))
    })
    request.on('error', reject)
    request.end()
  })
}

/** The link over `socketPath`, with the connection on which the control process calls `host`; `close` ends it. */
export function connectLink(parts: { socketPath: string; name: string; session: string; host: Host; log: Log }): Link & { close(): void } {
  const { socketPath, name, session, host, log } = parts
  let closed = false
  let current: Duplex | null = null

  async function answer(call: Call): Promise<unknown> {
    if (call.method === 'consoleLog') return host.consoleLog(call.guestId!, call.lines)
    if (call.method === 'forgetImage') return host.forgetImage(call.sha512!)
    const inner = await host.stream(call.target!)
    const outer = await upgrade(socketPath, `/agent/stream/${call.id}`, 'nephos-stream')
    inner.pipe(outer).pipe(inner)
    inner.on('error', () => outer.destroy())
    outer.on('error', () => inner.destroy())
    inner.on('close', () => outer.destroy())
    outer.on('close', () => inner.destroy())
    return {}
  }

  async function listen(): Promise<void> {
    while (!closed) {
      try {
        const socket = await upgrade(socketPath, `/agent/calls?host=${encodeURIComponent(name)}&session=${session}`, 'nephos-calls')
        current = socket
        let rest = ''
        for await (const chunk of socket) {
          rest += chunk
          for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
            const call = JSON.parse(rest.slice(0, end)) as Call
            rest = rest.slice(end + 1)
            answer(call).then(
              (result) => socket.write(`${JSON.stringify({ id: call.id, result })}\n`),
              (error) => socket.write(`${JSON.stringify({ id: call.id, error: error.message })}\n`),
            )
          }
        }
      } catch (error) {
        log.debug({ error: (error as Error).message }, 'call connection')
      }
      if (!closed) await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  void listen()

  return {
    async sync(request, signal) {
      const poke = () => void post(socketPath, '/agent/poke', { host: name, session }).catch(() => {})
      signal.addEventListener('abort', poke, { once: true })
      try {
        if (signal.aborted) poke()
        return (await post(socketPath, '/agent/sync', request)) as SyncAnswer
      } finally {
        signal.removeEventListener('abort', poke)
      }
    },
    close() {
      closed = true
      current?.destroy()
    },
  }
}
