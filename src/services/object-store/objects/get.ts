import { Readable } from 'node:stream'
import { Fault, title } from '../../../api/faults.ts'
import { type BaseContext, operation, type Reply, reply } from '../../../api/operation.ts'
import { denied, ownAccess } from '../access/authorize.ts'
import { faults } from '../faults.ts'
import { header } from '../headers.ts'
import { manifestReply } from '../large-objects/show.ts'
import { ObjectRead } from '../queries.ts'
import { quote } from '../quoting.ts'
import { isBrowser, isFolderMark, webMissing } from '../web/static.ts'
import { lookAhead, readAhead } from './ahead.ts'
import { condition, rangeHolds } from './conditions.ts'
import { type Content, contentOf } from './content.ts'
import { followLink } from './links.ts'
import { type ByteRange, parseRanges } from './ranges.ts'
import { whereReplaced } from './replaced.ts'
import { type Opened, objectScope, type Place, type Scope } from './scope.ts'
import { expired, findObject, liveObject, type StoredObject } from './store.ts'
import { checkVersion, findVersion, isVersioned, versionName } from './versions.ts'
import { objectHeaders } from './view.ts'

const common = { path: '/{account}/{container}/{object*}', auth: 'optional', policy: null, majors: ['v1', 'v1.0'] } as const

export const objectMissing = () => new Fault(404, 'The resource could not be found.')

export const showObject = operation({
  ...common,
  id: 'objects.show',
  method: 'GET',
  summary: 'Get object content and metadata',
  catalog: ['object-store-v1.objects.get-object-content-and-metadata', 'quickstart-object-store-v1.0.objects.get-object'],
  // A part of it, not what the client has already, and of a site the address of a folder.
  otherStatuses: [206, 301, 304],
  query: ObjectRead,
  answer: 'bytes',
  ahead: lookAhead('bytes'),
  handle: (context) => answerRead(context),
})

export const headObject = operation({
  ...common,
  id: 'objects.head',
  method: 'HEAD',
  summary: 'Show object metadata',
  catalog: ['object-store-v1.objects.show-object-metadata', 'quickstart-object-store-v1.0.objects.show-object-metadata'],
  otherStatuses: [206, 301, 304],
  query: ObjectRead,
  ahead: lookAhead('object'),
  handle(context) {
    // Ranges are of answers with a body.
    const { range, ...headers } = context.headers
    return answerRead(range === undefined ? context : { ...context, headers })
  },
})

async function answerRead(context: BaseContext & { params: Place }): Promise<Reply> {
  const scope = await objectScope(context, 'read')
  return whereReplaced(async (attempt) => {
    let row: Found
    try {
      row = await findReadable(context, scope, attempt)
      if (isFolderMark(scope.container, row) && isBrowser(context) && !scope.temp) throw objectMissing()
    } catch (error) {
      if (isBrowser(context) && !scope.temp) return webMissing(context, scope.container, scope.place.object, error)
      throw error
    }
    if (row.kind === 'marker') return markerReply(row)
    const made = await readReply(context, scope, row)
    if (isVersioned(scope.container) || context.rawQuery.get('version-id') !== null) tellVersion(context, scope, row, made)
    return made
  })
}

/** Of versions that are marks of removal only that is told, with 404. */
const markerReply = (row: StoredObject) =>
  reply({
    status: 404,
    headers: { 'content-type': row.content_type, 'x-object-version-id': versionName(row.version_id) },
    body: '<html><h1>Not Found</h1><p>The resource could not be found.</p></html>',
  })

/** Which version was read, and by which path it is always read. */
function tellVersion(context: BaseContext, scope: Scope, row: StoredObject, { headers }: Reply): void {
  const { account, container, object } = scope.place
  // Through a link it is the version of what the link leads to.
  const through = row.kind === 'link' && context.rawQuery.get('symlink') !== 'get' && context.rawQuery.get('version-id') === null
  if (!through) headers['x-object-version-id'] = versionName(row.version_id)
  if (row.version_id && row.kind !== 'link' && context.rawQuery.get('version-id') === null)
    headers['content-location'] = `${quote(`/${context.major}/${account}/${container}/${object}`)}?version-id=${row.version_id}`
}

/** The version that a read asks for, which only those may who read all of the account; null for the present one. What a temporary URL has not signed it does not ask for. */
export function versionAsked(context: BaseContext, scope: Scope): string | null {
  const version = scope.temp ? null : context.rawQuery.get('version-id')
  if (version === null) return null
  if (version !== 'null' && ownAccess(context, scope.place.account, true) === null) throw denied(context, scope.place.account)
  checkVersion(scope.container, version)
  return version
}

/** That version, for those who may read it: whom a list of the container lets in reads what is present, be it called null, and nothing older. */
export async function readableVersion(
  context: BaseContext,
  { place, container }: Scope,
  version: string,
): Promise<StoredObject | undefined> {
  const { read } = context.cloud.database
  const row = await findVersion(read, container.id, place.object, version)
  if (row?.version_id === '' && expired(context.cloud, row)) return undefined
  if (!row || ownAccess(context, place.account, true) !== null) return row
  const present = await findObject(read, container.id, place.object)
  return present && present.version_id === row.version_id ? row : undefined
}

/** A row, with its bytes when they were read at once. */
type Found = StoredObject & { data?: Buffer | null }

async function findReadable(context: BaseContext, scope: Scope, attempt: number): Promise<Found> {
  const { cloud } = context
  const version = versionAsked(context, scope)
  const { id } = scope.container
  const ahead = attempt === 1 && version === null ? readAhead(context, scope.place) : null
  const row =
    version !== null
      ? await readableVersion(context, scope, version)
      : ahead && ahead.object !== null
        ? ahead.object && !expired(cloud, ahead.object)
          ? ahead.object
          : undefined
        : await liveObject(cloud, cloud.database.read, id, scope.place.object)
  if (!row || (row.version_id === '' && expired(cloud, row))) throw version === null ? presentMissing(context, scope) : objectMissing()
  return row
}

/** No present object: a version is told where they are kept, and who asked for any object as it is hears that there is none. */
function presentMissing({ headers }: BaseContext, { container }: Scope): Fault {
  if (header(headers, 'if-match')?.includes('*')) return unmet()
  return new Fault(404, objectMissing().message, { headers: isVersioned(container) ? { 'x-object-version-id': versionName('') } : {} })
}

const unmet = () => new Fault(412, 'A precondition for this request was not met.')

/** The answer to a GET or HEAD of a row that the asker may read. */
export async function readReply(context: BaseContext, scope: Scope, found: Found): Promise<Reply> {
  let row = found
  let where: Opened = scope
  let location: string | null = null
  if (row.kind === 'link' && context.rawQuery.get('symlink') !== 'get') ({ row, where, location } = await followLink(context, scope, row))
  if (row.kind === 'slo' && context.rawQuery.get('multipart-manifest') === 'get') return manifestReply(context, row, location)
  const plainManifest = row.kind === 'dlo' && context.rawQuery.get('multipart-manifest') === 'get'
  const content = await contentOf(context, where, plainManifest ? { ...row, kind: '' } : row, row === found ? found.data : null)
  const headers = objectHeaders(row, scope.temp)
  if (row.kind === 'dlo' && !plainManifest) headers.etag = `"${content.etag}"`
  if (location) headers['content-location'] = location
  return contentReply(context, row, content, headers, row.kind === 'dlo' && !plainManifest)
}

/** Status, headers and bytes by conditions, ranges and part number. */
export async function contentReply(
  context: BaseContext,
  row: StoredObject,
  content: Content,
  headers: Record<string, string>,
  /** Of several ranges nothing is heard: as Swift has it for dynamic manifests. */
  oneRange = false,
): Promise<Reply> {
  const status = condition(context.headers, content.etag, row.changed_at)
  if (status === 304) return reply({ status, headers })
  if (status === 412) {
    const { 'accept-ranges': _, ...told } = headers
    return reply({ status, headers: { ...told, 'content-type': 'text/html; charset=UTF-8', 'content-length': '0' } })
  }
  const part = context.rawQuery.get('part-number')
  let ranges: ByteRange[] | null = null
  if (part !== null) {
    ranges = [partRange(part, content)]
    headers['x-parts-count'] = String(content.parts?.length ?? 1)
  } else if (rangeHolds(context.headers, content.etag, row.changed_at)) ranges = parseRanges(header(context.headers, 'range'), content.size)
  if (oneRange && (ranges?.length ?? 0) > 1) ranges = null
  if (ranges?.length === 0) {
    // What is sent is no longer in the object's coding.
    const { 'content-encoding': _, ...told } = headers
    const { text } = faults.render(new Fault(416, 'The Range requested is not available.'), undefined)
    return reply({ status: 416, headers: { ...told, 'content-range': `bytes */${content.size}` }, body: text })
  }
  const head = context.request.method === 'HEAD'
  if (ranges && ranges.length > 1) return severalRanges(content, ranges, headers, context.requestId, head)
  const { start, end } = ranges?.[0] ?? { start: 0, end: content.size - 1 }
  headers['content-length'] = String(end - start + 1)
  if (ranges) headers['content-range'] = `bytes ${start}-${end}/${content.size}`
  return reply({ status: ranges ? 206 : 200, headers, body: head ? undefined : await content.read(start, end) })
}

function partRange(text: string, content: Content): ByteRange {
  const parts = content.parts ?? [content.size]
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Fault(400, 'Part number must be an integer greater than 0')
  const number = Number(text)
  if (number > parts.length) throw new Fault(416, title(416))
  const start = parts.slice(0, number - 1).reduce((sum, length) => sum + length, 0)
  return { start, end: start + parts[number - 1]! - 1 }
}

async function severalRanges(content: Content, ranges: ByteRange[], headers: Record<string, string>, requestId: string, head: boolean) {
  const boundary = requestId.replace(/[^0-9a-zA-Z]/g, '').padEnd(32, '0')
  const type = headers['content-type']!
  const before = ranges.map(
    ({ start, end }) => `--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: bytes ${start}-${end}/${content.size}\r\n\r\n`,
  )
  const last = `--${boundary}--`
  const length = ranges.reduce((sum, { start, end }, i) => sum + Buffer.byteLength(before[i]!, 'latin1') + end - start + 1 + 2, last.length)
  async function* body(): AsyncGenerator<Buffer> {
    for (const [index, { start, end }] of ranges.entries()) {
      yield Buffer.from(before[index]!, 'latin1')
      const part = await content.read(start, end)
      if (Buffer.isBuffer(part)) yield part
      else for await (const chunk of part) yield chunk as Buffer
      yield Buffer.from('\r\n')
    }
    yield Buffer.from(last)
  }
  return reply({
    status: 206,
    headers: { ...headers, 'content-type': `multipart/byteranges;boundary=${boundary}`, 'content-length': String(length) },
    body: head ? undefined : Readable.from(body(), { objectMode: false }),
  })
}
