// One signed request at a time: sent, tried again where that is safe, its answer or its fault.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Environment } from '../environment.ts'
import { encoded, queryText, sha256, sign } from './sign.ts'
import { childText, parseXml } from './xml.ts'

export interface S3Settings {
  /** `https://s3.example.com`, with a port and a path where it has them. */
  endpoint: string
  region: string
  bucket: string
  accessKey: string
  secretKey: string
  /** The bucket in the path (`true`, as most services but Amazon's want it) or in the host's name. */
  pathStyle: boolean
}

/** What the service answered, or `status` 0 and the code `Unreachable` where it did not. */
export class S3Fault extends Error {
  readonly status: number
  /** As S3 names it: `NoSuchKey`, `AccessDenied`. */
  readonly code: string
  constructor(status: number, code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.status = status
    this.code = code
  }

  /** Whether the bucket has it not, rather than that the bucket, or the service, is not there. */
  get isAbsent(): boolean {
    return this.status === 404 && /^NoSuch(Key|Upload|Version)$/.test(this.code)
  }
}

export interface Call {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** '' is the bucket itself. */
  key: string
  query?: Record<string, string>
  headers?: Record<string, string>
  /** A Buffer is signed with its digest and may be sent again; of an iterable `size` bytes are sent, once. */
  body?: Buffer | AsyncIterable<Buffer>
  size?: number
  signal?: AbortSignal
}

export interface Transport {
  /** The answer with its body unread. Throws S3Fault for every status from 300 on. */
  open(call: Call): Promise<IncomingMessage>
  /** The whole body of the answer as text. */
  text(call: Call): Promise<{ headers: IncomingMessage['headers']; text: string }>
  close(): void
}

const tries = 4
const idleMs = 60_000
const maxAnswer = 32 * 1024 * 1024

const again = (status: number) => status === 429 || (status >= 500 && status !== 501)

async function readText(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > maxAnswer) throw new S3Fault(answer.statusCode ?? 0, 'AnswerTooLong', 'The answer of the S3 service is too long.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** The fault that an answer tells of, whose body is read for it. */
async function faultOf(answer: IncomingMessage, endpoint: string): Promise<S3Fault> {
  const status = answer.statusCode!
  const text = await readText(answer).catch(() => '')
  return faultFrom(status, text, endpoint)
}

/** S3's fault out of its XML; a code made of the status where there is none. */
export function faultFrom(status: number, text: string, endpoint: string): S3Fault {
  try {
    const root = parseXml(text)
    if (root.name === 'Error')
      return new S3Fault(status, childText(root, 'Code') ?? `Status${status}`, childText(root, 'Message') ?? `S3 answered ${status}.`)
  } catch {
    // not every service on the way answers in XML
  }
  // HEAD tells of a missing key by its status alone; a 404 with another text is not S3's, so what is asked for may well be there.
  if (status === 404 && !text) return new S3Fault(status, 'NoSuchKey', `The S3 service ${endpoint} answered 404.`)
  return new S3Fault(status, `Status${status}`, `${endpoint} answered ${status}, and not as S3 does: is the address right?`)
}

export function createTransport(settings: S3Settings, { clock }: Pick<Environment, 'clock'>): Transport {
  const base = new URL(settings.endpoint)
  const secure = base.protocol === 'https:'
  const agent = secure ? new HttpsAgent({ keepAlive: true, maxFreeSockets: 8 }) : new HttpAgent({ keepAlive: true, maxFreeSockets: 8 })
  const hostname = settings.pathStyle ? base.hostname : `${settings.bucket}.${base.hostname}`
  const host = base.port ? `${hostname}:${base.port}` : hostname
  const root = base.pathname.replace(/\/+$/, '') + (settings.pathStyle ? `/${encoded(settings.bucket)}` : '')

  function send(call: Call): Promise<IncomingMessage> {
    const { body, method } = call
    const path = `${root}${call.key ? `/${call.key.split('/').map(encoded).join('/')}` : ''}` || '/'
    const size = Buffer.isBuffer(body) ? body.length : body ? call.size : method === 'PUT' || method === 'POST' ? 0 : undefined
    const payload = Buffer.isBuffer(body) ? sha256(body) : body ? 'UNSIGNED-PAYLOAD' : sha256('')
    const unsigned = { method, path, query: call.query ?? {}, headers: { host, ...call.headers }, payload }
    const headers: Record<string, string | number> = sign(unsigned, settings, clock.now())
    if (size !== undefined) headers['content-length'] = size
    const query = queryText(call.query ?? {})
    const options = {
      agent,
      method,
      hostname,
      port: base.port || undefined,
      path: path + (query ? `?${query}` : ''),
      headers,
      signal: call.signal,
    }
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(options, (answer) => {
        answered = true
        resolve(answer)
      })
      let answered = false
      const unreachable = (error: unknown) =>
        reject(
          error instanceof S3Fault ? error : new S3Fault(0, 'Unreachable', `The S3 service cannot be reached: ${String(error)}`, error),
        )
      request.setTimeout(idleMs, () => request.destroy(new Error(`no answer for ${idleMs / 1000} seconds`)))
      request.on('error', unreachable)
      if (!body || Buffer.isBuffer(body)) return void request.end(body)
      pour(body, request).catch((error) => {
        // A service that refuses early closes the connection: its answer says more than the broken pipe.
        if (answered) return
        request.destroy()
        reject(error)
      })
    })
  }

  async function open(call: Call): Promise<IncomingMessage> {
    const once = call.body !== undefined && !Buffer.isBuffer(call.body)
    for (let attempt = 1; ; attempt++) {
      let fault: unknown
      try {
        const answer = await send(call)
        if (answer.statusCode! < 300) return answer
        fault = await faultOf(answer, settings.endpoint)
      } catch (error) {
        fault = error
      }
      const retry = fault instanceof S3Fault && (fault.status === 0 || again(fault.status))
      if (once || !retry || attempt === tries || call.signal?.aborted) throw fault
      await clock.sleep(100 * 3 ** (attempt - 1), call.signal)
    }
  }

  return {
    open,
    async text(call) {
      const answer = await open(call)
      return { headers: answer.headers, text: await readText(answer) }
    },
    close: () => agent.destroy(),
  }
}

/** Writes all of the source, no faster than it is taken. */
async function pour(source: AsyncIterable<Buffer>, request: ReturnType<typeof httpRequest>): Promise<void> {
  for await (const piece of source) {
    if (request.destroyed) throw new Error('the connection to the S3 service was closed')
    if (!request.write(piece)) {
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error | null) => {
          request.off('drain', done)
          request.off('close', closed)
          if (error) reject(error)
          else resolve()
        }
        const closed = () => done(new Error('the connection to the S3 service was closed'))
        request.once('drain', done)
        request.once('close', closed)
      })
    }
  }
  request.end()
}
