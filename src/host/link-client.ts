// The agent's end of the link: HTTP over the control process's unix socket. The agent always calls; nothing listens on hosts.
import http from 'node:http'
import type { Duplex } from 'node:stream'
import { contained, join, jsonObject, lineReader, unawaited } from '../contain.ts'
import type { Log } from '../log.ts'
import type { Link } from './agent.ts'
import { answerCall, type HostCalls } from './calls.ts'
import type { SyncAnswer } from './client.ts'
import { framed } from './frames.ts'

/** A line of the control process: the call's name, and its input beside. */
interface AskedCall {
  id: number
  method: string
}

/** All documents of a large host in one answer. */
const maxAnswer = 256 * 2 ** 20
/** Of a call. */
const maxLine = 2 ** 20

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
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > maxAnswer) request.destroy(new Error('the answer is too large'))
          else chunks.push(chunk)
        })
        answer.on('error', reject)
        answer.on(
          'end',
          contained(() => {
            const received = Buffer.concat(chunks).toString()
            if (answer.statusCode === 200) resolve(jsonObject(received || '{}'))
            else reject(new Error(received || `status ${answer.statusCode}`))
          }, reject),
        )
      },
    )
    request.on('timeout', () => request.destroy(new Error('no answer in 60 s')))
    request.on('error', reject)
    request.on('close', () => reject(new Error('the connection was closed'))) // after an answer that is neither
    request.end(text)
  })
}

/** Opens an upgraded connection: raw bytes both ways. */
export function upgrade(socketPath: string, path: string, protocol: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path, headers: { connection: 'Upgrade', upgrade: protocol }, timeout: 60_000 })
    request.on('upgrade', (_answer, socket, head) => {
      socket.setTimeout(0)
      socket.on('error', () => {}) // its 'close' tells whoever reads
      if (head.length) socket.unshift(head)
      resolve(socket)
    })
    request.on('response', (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => reject(new Error(text || `status ${answer.statusCode}`)))
      answer.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('no answer in 60 s')))
    request.on('error', reject)
    request.on('close', () => reject(new Error('the connection was closed'))) // after an answer that is neither
    request.end()
  })
}

/** The link over `socketPath`, with the connection on which the control process calls `host`; `close` ends it. */
export function connectLink(parts: {
  socketPath: string
  name: string
  session: string
  host: HostCalls
  log: Log
}): Link & { close(): void } {
  const { socketPath, name, session, host, log } = parts
  const me = `host=${encodeURIComponent(name)}&session=${encodeURIComponent(session)}`
  let closed = false
  let current: Duplex | null = null

  async function answer({ id, method, ...input }: AskedCall): Promise<unknown> {
    const given = await answerCall(host, method, input)
    if ('answer' in given) return given.answer
    const inner = given.stream
    // Whatever happens to it before the other end is there: it must not be without a listener, nor be left behind.
    inner.on('error', () => {})
    const socket = await upgrade(socketPath, `/agent/stream/${id}?${me}`, 'nephos-frames').catch((error) => {
      inner.destroy()
      throw error
    })
    join(inner, framed(socket))
    return {}
  }

  async function listen(): Promise<void> {
    while (!closed) {
      try {
        const socket = await upgrade(socketPath, `/agent/calls?${me}`, 'nephos-calls')
        current = socket
        const read = lineReader(maxLine, (line) => {
          const call = jsonObject(line) as unknown as AskedCall
          const tell = (news: object) => void socket.write(`${JSON.stringify({ id: call.id, ...news })}\n`)
          unawaited(
            answer(call).then(
              (result) => tell({ result }),
              (error) => tell({ error: String(error.message) }),
            ),
            log,
            'a call of the control process was not answered',
          )
        })
        for await (const piece of socket) read(piece)
      } catch (error) {
        log.debug({ error: (error as Error).message }, 'call connection')
      }
      if (!closed) await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  unawaited(listen(), log, 'the connection for calls')

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
