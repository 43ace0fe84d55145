// The last stage: from what a handler gave to bytes on the wire.
import { ReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable, Writable } from 'node:stream'
import { pipeline as pipe } from 'node:stream/promises'
import { passOver } from './body.ts'
import type { Fault, FaultDialect } from './faults.ts'
import { longJson, whole } from './long-list.ts'
import { Reply } from './operation.ts'
import { left, Poured, sendPoured } from './poured.ts'
import type { ServiceDeclaration } from './service.ts'
import type { XmlDialect } from './xml/dialect.ts'
import { toXml } from './xml/write.ts'

/** XML that was asked for: by the dialect, and by the schema of the answer where there is one. */
export interface AsXml {
  dialect: XmlDialect
  schema?: object | undefined
}

function inXml(response: ServerResponse, json: string, { dialect, schema }: AsXml): string {
  response.setHeader('content-type', 'application/xml')
  response.appendHeader('vary', 'Accept')
  return toXml(dialect, JSON.parse(json), schema)
}

/**
 * Writes a result: nothing, JSON (or the same as XML), text, bytes or a stream. What the handler left of the request's body is nobody's any
 * more. `cut` makes the body that of the request's version, in place.
 */
export async function sendResult(
  request: IncomingMessage,
  response: ServerResponse,
  result: unknown,
  status: number | undefined,
  cut: ((body: unknown) => void) | null,
  xml?: AsXml,
): Promise<void> {
  passOver(request)
  const made = result instanceof Reply ? result : null
  let body = made ? made.body : result
  response.statusCode = made?.status ?? status ?? 200
  if (made) for (const [name, value] of Object.entries(made.headers)) response.setHeader(name, value)
  if (body === undefined || body === null) {
    if (response.statusCode !== 204 && response.statusCode !== 304 && !response.hasHeader('content-length'))
      response.setHeader('content-length', 0)
    response.end()
    return
  }
  if (body instanceof Readable) {
    if (request.method === 'HEAD') {
      body.destroy()
      response.end()
      return
    }
    if (body instanceof Poured) return sendPoured(body, response)
    await (body instanceof ReadStream ? sendFile(body, response) : pipe(body, response))
    return
  }
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) {
    const long = longJson(body as Record<string, unknown>, cut)
    if (long && !xml) {
      if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json')
      if (request.method !== 'HEAD') return sendPoured(long, response)
      response.end()
      return
    }
    const heard = () => {
      if (response.destroyed) throw left()
    }
    if (long) body = await whole(body as object, heard)
    cut?.(body)
    body = JSON.stringify(body)
    if (!response.hasHeader('content-type')) {
      if (xml) body = inXml(response, body as string, xml)
      else response.setHeader('content-type', 'application/json')
    }
  }
  // Some lists come as JSON text that is remembered.
  else if (xml && typeof body === 'string' && response.getHeader('content-type') === 'application/json') body = inXml(response, body, xml)
  const length = Buffer.isBuffer(body) ? body.length : Buffer.byteLength(body as string)
  response.setHeader('content-length', length)
  if (request.method === 'HEAD') response.end()
  // What is text goes out in one piece with the headers, and costs half as much as bytes behind them.
  else if (length > smallBytes) response.end(body)
  else if (Buffer.isBuffer(body)) response.end(body.toString('latin1'), 'latin1')
  else response.end(body)
}

const smallBytes = 12 * 1024

/**
 * The bytes of a file. The memory of each piece, which nobody else has, is given back once it was sent: left to the collector, it costs
 * more processor time than all else about a large body.
 */
async function sendFile(file: ReadStream, response: ServerResponse): Promise<void> {
  const sink = new Writable({
    highWaterMark: 2 ** 20,
    write(piece: Buffer, _, done) {
      response.write(piece, (error) => {
        const { buffer } = piece
        if (!error && buffer instanceof ArrayBuffer && buffer.byteLength === piece.length) buffer.transfer(0)
        done(error)
      })
    },
    final: (done) => void response.end(done),
  })
  const gone = () => sink.destroy(left())
  response.once('close', gone)
  try {
    await pipe(file, sink)
  } catch (error) {
    if (response.destroyed) throw left()
    response.destroy()
    throw error
  } finally {
    response.off('close', gone)
  }
}

/** Writes a fault in the service's envelope. */
export function sendFault(request: IncomingMessage, response: ServerResponse, faults: FaultDialect, fault: Fault, xml?: XmlDialect): void {
  for (const [name, value] of Object.entries(fault.headers)) response.setHeader(name, value)
  const rendered = faults.render(fault, request.headers.accept)
  response.statusCode = fault.status
  response.setHeader('content-type', rendered.type)
  const text =
    xml && rendered.type === 'application/json' ? inXml(response, rendered.text, { dialect: xml, schema: faults.xml }) : rendered.text
  response.setHeader('content-length', Buffer.byteLength(text))
  // What is left of a refused body is not read: the connection cannot be used again.
  const hasBody = request.headers['transfer-encoding'] || (request.headers['content-length'] ?? '0') !== '0'
  if (!request.readableEnded && hasBody) response.setHeader('connection', 'close')
  response.end(request.method === 'HEAD' ? undefined : text)
}

/** Says which microversion the answer is in. */
export function setVersionHeaders(response: ServerResponse, microversions: ServiceDeclaration['microversions'], version: string): void {
  if (!microversions || !version) return
  const { type, legacyHeader } = microversions
  response.setHeader('openstack-api-version', `${type} ${version}`)
  if (legacyHeader) response.setHeader(legacyHeader, version)
  response.setHeader('vary', legacyHeader ? `OpenStack-API-Version, ${legacyHeader}` : 'OpenStack-API-Version')
}
