// One request to the partner of a container: an object put or removed there, as it was at its time.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { encoded } from '../../../s3-client/sign.ts'
import { unquote } from '../quoting.ts'
import { signature } from './auth.ts'
import type { Target } from './target.ts'

const idleMs = 60_000
const mostAnswered = 64 * 1024

export interface Sent {
  method: 'PUT' | 'DELETE'
  name: string
  /** As X-Timestamp has it. */
  timestamp: string
  headers: Record<string, string>
  body: Buffer | Readable | null
  size: number
}

/** Reads past what an answer says, which nobody wants to know; who says much, or for long, is not heard to the end. */
function readAnswer(answer: IncomingMessage): void {
  let size = 0
  const late = setTimeout(() => answer.destroy(), idleMs)
  answer.on('data', (piece: Buffer) => {
    size += piece.length
    if (size > mostAnswered) answer.destroy()
  })
  answer.on('error', () => {}) // the status is known
  answer.once('close', () => clearTimeout(late))
}

/** The status of the partner's answer. Throws where it cannot be reached; the body is closed in any case. */
export function send(target: Target, userKey: string, nonce: string, what: Sent): Promise<number> {
  const url = new URL(target.url)
  const path = `${url.pathname}/${what.name.split('/').map(encoded).join('/')}`
  const signed = path
    .split('/')
    .map((part) => encoded(unquote(part) ?? part))
    .join('/')
  const headers: Record<string, string> = {
    ...what.headers,
    'x-timestamp': what.timestamp,
    'content-length': String(what.size),
    'user-agent': 'nephos-container-sync',
  }
  if (target.realm) {
    const { name, key } = target.realm
    headers['x-container-sync-auth'] = `${name} ${nonce} ${signature(what.method, signed, what.timestamp, nonce, key, userKey)}`
  } else headers['x-container-sync-key'] = userKey
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest
    const outgoing = start({ method: what.method, hostname: url.hostname, port: url.port || undefined, path, headers }, (answer) => {
      readAnswer(answer)
      resolve(answer.statusCode!)
    })
    outgoing.on('finish', () => {
      const late = setTimeout(() => outgoing.destroy(new Error('the partner does not answer')), idleMs)
      outgoing.once('response', () => clearTimeout(late)).once('close', () => clearTimeout(late))
    })
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy()
      reject(new Error('the partner speaks another protocol'))
    })
    outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error('the partner does not answer')))
    outgoing.on('error', (error) => {
      if (what.body && !Buffer.isBuffer(what.body)) what.body.destroy()
      reject(error)
    })
    if (!what.body || Buffer.isBuffer(what.body)) outgoing.end(what.body ?? undefined)
    else pipeline(what.body, outgoing).catch(reject)
  })
}
