// Form post: a page in a browser uploads files with a signature made by the account's or container's key.
import { createHmac } from 'node:crypto'
import { Fault, title } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { readSignature, sameHex, signingKeys } from '../access/temp-url.ts'
import { containerMissing, findContainer } from '../containers/store.ts'
import { checkObjectName, limits, plain } from '../limits.ts'
import { deleteAt } from '../objects/metadata.ts'
import { roomFor, writeObject } from '../objects/write.ts'
import { unquote } from '../quoting.ts'
import { patient, receive } from '../storage/data.ts'
import type { Container, Headers } from '../tables.ts'
import { boundaryOf, formParts, type Part } from './multipart.ts'

const maxFieldBytes = 16 * 1024

export const isForm = ({ headers }: BaseContext) => boundaryOf(headers['content-type']) !== null

async function fieldText(part: Part): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of part.body) {
    size += piece.length
    if (size > maxFieldBytes) throw ofForm('a field is too long')
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
  const number = (name: string) => text(name) || '0'
  const denied = (message: string) => new Fault(401, `FormPost: ${message}`)
  const [maxFileSize, maxFileCount, expires] = ['max_file_size', 'max_file_count', 'expires'].map((name) =>
    /^\d{1,15}$/.test(number(name)) ? Number(number(name)) : Number.NaN,
  ) as [number, number, number]
  if (Number.isNaN(maxFileSize)) throw ofForm('max_file_size not an integer')
  if (Number.isNaN(maxFileCount)) throw ofForm('max_file_count not an integer')
  if (Number.isNaN(expires)) throw ofForm('expired not an integer')
  if (expires * 1000 < context.cloud.environment.clock.now()) throw denied('Form Expired')
  const signature = readSignature(text('signature'))
  if (!signature) throw denied('Invalid Signature')
  const signed = [path, text('redirect'), number('max_file_size'), number('max_file_count'), number('expires')].join('\n')
  let valid = false
  for (const { key } of await signingKeys(context, account, container)) {
    const right = createHmac(signature.digest, Buffer.from(key, 'latin1')).update(signed).digest('hex')
    if (sameHex(right, signature.hex)) valid = true
  }
  if (!valid) throw denied('Invalid Signature')
  return { maxFileSize, maxFileCount }
}

/** A fault of the form itself, of which its page does not hear: the redirect tells what became of files. */
const ofForm = (message: string) => plain(400, `FormPost: ${message}`)
const isOfForm = (error: Fault) => error.message.startsWith('FormPost: ')

/** The end that fields give to all files. Throws 400, in a way of its own for what is no number. */
function endOf(context: BaseContext, fields: Map<string, string>): number | null {
  const headers: Headers = {}
  for (const name of ['x_delete_at', 'x_delete_after']) {
    const value = fields.get(name)
    if (value === undefined) continue
    if (!/^[+-]?\d{1,15}$/.test(value)) throw ofForm(`${name} not an integer`)
    headers[name.replaceAll('_', '-')] = value
  }
  return deleteAt(headers, context.cloud)
}

/** The bytes of a file, as many as the form lets it have. */
async function* bounded(body: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > most) throw ofForm('max_file_size exceeded')
    yield piece
  }
}

const printable = (text: string | null | undefined) => text?.replace(/[^\x20-\x7e]/g, '')

/** Stores one file; what the form's fields say of its type, coding and end goes before what the file says. */
async function storeFile(context: BaseContext, container: Container, part: Part, name: string, most: number, fields: Map<string, string>) {
  const { cloud } = context
  const delete_at = endOf(context, fields)
  checkObjectName(name)
  const encoding = printable(fields.get('content-encoding') ?? part.contentEncoding)
  const room = await roomFor(cloud, container, name, false)
  const received = await receive(cloud, bounded(part.body, most), Math.min(limits.max_file_size, room))
  await writeObject(cloud, container, {
    name,
    content_type: printable(fields.get('content-type') ?? part.contentType) || 'application/octet-stream',
    metadata: encoding ? { 'content-encoding': encoding } : {},
    delete_at,
    kind: '',
    received,
  })
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
        if (fields.size >= 64) throw ofForm('too many fields')
        fields.set(part.name.toLowerCase(), await fieldText(part))
        continue
      }
      // Fields that count stand before the first file.
      signed ??= await checkSignature(context, account, container, path, fields)
      if (!container) throw containerMissing()
      if (!part.filename) continue
      if (++files > signed.maxFileCount) throw new Fault(400, 'max file count exceeded')
      await storeFile(context, container, part, prefix + part.filename, signed.maxFileSize, fields)
    }
    if (!signed) await checkSignature(context, account, container, path, fields)
    if (!files) throw new Fault(400, 'no files to process')
  } catch (error) {
    if (!(error instanceof Fault) || error.status === 401 || isOfForm(error)) throw error
    return answer(fields, error.status, error.message)
  }
  return answer(fields, 201, '')
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Where the form's page wants to hear of it, whatever address that is: who made the page signed it. Else the same as text. */
function answer(fields: Map<string, string>, status: number, message: string): Reply {
  // What stands in a header is ASCII without spaces.
  const redirect = fields.get('redirect')?.replace(/[^\x21-\x7e]/gu, encodeURIComponent)
  if (!redirect) {
    if (status < 400) return reply({ status, headers: { 'content-type': 'text/plain' }, body: '201 Created\r\n\r\n' })
    throw plain(status, `${status} ${title(status)}\r\nFormPost: ${message.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())}`)
  }
  const location = `${redirect}${redirect.includes('?') ? '&' : '?'}status=${status}&message=${encodeURIComponent(message)}`
  const body = `<html><body><p><a href="${escaped(location)}">Click to continue...</a></p></body></html>`
  return reply({ status: 303, headers: { location, 'content-type': 'text/html' }, body })
}
