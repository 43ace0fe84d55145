// Form post: a page in a browser uploads files with a signature made by the account's or container's key.
import { createHmac } from 'node:crypto'
import { Fault, title } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { readSignature, sameHex, signingKeys } from '../access/temp-url.ts'
import { containerMissing, findContainer } from '../containers/store.ts'
import { checkObjectName, limits, plain } from '../limits.ts'
import { roomFor, writeObject } from '../objects/write.ts'
import { unquote } from '../quoting.ts'
import { patient, receive } from '../storage/data.ts'
import type { Container } from '../tables.ts'
import { boundaryOf, formParts, type Part } from './multipart.ts'

const maxFieldBytes = 16 * 1024

export const isForm = ({ headers }: BaseContext) => boundaryOf(headers['content-type']) !== null

async function fieldText(part: Part): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of part.body) {
    size += piece.length
    if (size > maxFieldBytes) throw plain(400, 'FormPost: a field is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

interface Signed {
  maxFileSize: number
  maxFileCount: number
}

async function checkSignature(
  context: BaseContext,
  account: string,
  container: Container | undefined,
  path: string,
  fields: Map<string, string>,
): Promise<Signed> {
  const text = (name: string) => fields.get(name) ?? ''
  const denied = (message: string) => new Fault(401, `FormPost: ${message}`)
  const [maxFileSize, maxFileCount, expires] = ['max_file_size', 'max_file_count', 'expires'].map((name) =>
    /^\d{1,15}$/.test(text(name)) ? Number(text(name)) : Number.NaN,
  ) as [number, number, number]
  if (Number.isNaN(maxFileSize)) throw plain(400, 'FormPost: max_file_size not an integer')
  if (Number.isNaN(maxFileCount)) throw plain(400, 'FormPost: max_file_count not an integer')
  if (Number.isNaN(expires)) throw plain(400, 'FormPost: expired not an integer')
  if (expires * 1000 < context.cloud.environment.clock.now()) throw denied('Form Expired')
  const signature = readSignature(text('signature'))
  if (!signature) throw denied('Invalid Signature')
  const signed = [path, text('redirect'), text('max_file_size'), text('max_file_count'), text('expires')].join('\n')
  let valid = false
  for (const { key } of await signingKeys(context, account, container)) {
    const right = createHmac(signature.digest, Buffer.from(key, 'latin1')).update(signed).digest('hex')
    if (sameHex(right, signature.hex)) valid = true
  }
  if (!valid) throw denied('Invalid Signature')
  return { maxFileSize, maxFileCount }
}

/** Stores the files of a signed form below `prefix`, and answers with the form's redirect where it has one. */
export async function postForm(context: BaseContext, account: string, containerName: string, prefix: string): Promise<Reply> {
  const { cloud, request } = context
  const boundary = boundaryOf(context.headers['content-type'])!
  const container = await findContainer(cloud.database.read, account, containerName)
  const rawPath = request.url!.split('?')[0]!
  const path = unquote(rawPath.slice(rawPath.indexOf(`/${context.major}/`))) ?? ''
  const fields = new Map<string, string>()
  let signed: Signed | null = null
  let files = 0
  try {
    for await (const part of formParts(patient(request), boundary)) {
      if (part.filename === null) {
        // What comes behind a file was in no signature.
        if (signed) continue
        if (fields.size >= 64) throw plain(400, 'FormPost: too many fields')
        fields.set(part.name.toLowerCase(), await fieldText(part))
        continue
      }
      // Fields that count stand before the first file.
      signed ??= await checkSignature(context, account, container, path, fields)
      if (!container) throw containerMissing()
      if (!part.filename) continue
      if (++files > signed.maxFileCount) throw plain(400, 'FormPost: max_file_count exceeded')
      const name = prefix + part.filename
      checkObjectName(name)
      const room = await roomFor(cloud, container, name, false)
      const received = await receive(cloud, part.body, Math.min(signed.maxFileSize, limits.max_file_size, room))
      await writeObject(cloud, container, {
        name,
        content_type: part.contentType?.replace(/[^\x20-\x7e]/g, '') || 'application/octet-stream',
        metadata: {},
        delete_at: null,
        kind: '',
        received,
      })
    }
    if (!signed) await checkSignature(context, account, container, path, fields)
    if (!files) throw plain(400, 'FormPost: no files to process')
  } catch (error) {
    if (!(error instanceof Fault) || error.status === 401 || !signed) throw error
    return answer(fields, error.status, error.message)
  }
  return answer(fields, 201, '')
}

function answer(fields: Map<string, string>, status: number, message: string): Reply {
  const redirect = fields.get('redirect')
  if (!redirect || !/^https?:\/\/[\x21-\x7e]+$/.test(redirect)) {
    if (status >= 400) throw plain(status, message)
    return reply({ status, headers: { 'content-type': 'text/plain' }, body: `${status} Created\r\n\r\n` })
  }
  const location = `${redirect}${redirect.includes('?') ? '&' : '?'}status=${status}&message=${encodeURIComponent(message)}`
  const body = `<html><body><p><a href="${location.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">Click to continue...</a></p></body></html>`
  return reply({
    status: 303,
    headers: { location, 'content-type': 'text/html' },
    body: status >= 400 ? `${body}<!-- ${title(status)} -->` : body,
  })
}
