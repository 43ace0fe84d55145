import { Fault } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { extractArchive } from '../bulk/extract.ts'
import { ReportBody } from '../bulk/report.ts'
import { header } from '../headers.ts'
import { putManifest } from '../large-objects/put.ts'
import { limits, plain, tooLarge } from '../limits.ts'
import { ObjectPut } from '../queries.ts'
import { discard, inlineBytes, patient, receiveSmall } from '../storage/data.ts'
import type { Headers } from '../tables.ts'
import { httpDate, nextTimestamp } from '../timestamps.ts'
import { lookAhead } from './ahead.ts'
import { copyInto } from './copy.ts'
import { bodyFault, checkedLink, linkHeaders } from './links.ts'
import { contentType, deleteAt, objectMetadata } from './metadata.ts'
import { restoreVersion } from './restore.ts'
import { destinationOf, objectScope, type Scope } from './scope.ts'
import type { NewObject } from './store.ts'
import { receiveFor, writeObject } from './write.ts'

export const putObject = operation({
  path: '/{account}/{container}/{object*}',
  auth: 'optional',
  policy: null,
  majors: ['v1', 'v1.0'],
  id: 'objects.put',
  method: 'PUT',
  summary: 'Create or replace object',
  catalog: ['object-store-v1.objects.create-or-replace-object', 'quickstart-object-store-v1.0.objects.create-or-replace-object'],
  input: 'stream',
  transaction: 'none',
  status: 201,
  // The report of what an archive brought; 202: a manifest that is still being checked.
  otherStatuses: [200, 202],
  query: ObjectPut,
  answer: ReportBody,
  ahead: lookAhead('container'),
  async handle(context) {
    const { account, container, object } = context.params
    if (context.rawQuery.has('extract-archive')) return extractArchive(context, account, `${container}/${object}`)
    const { headers, cloud } = context
    if (headers['x-copy-from'] !== undefined) return copyInto(context)
    const scope = await objectScope(context, 'write')
    if (context.rawQuery.has('version-id')) return restoreVersion(context, scope)
    const length = bodyLength(context)
    const onlyNew = noneMatch(context)
    if (context.rawQuery.get('multipart-manifest') === 'put') return putManifest(context, scope)
    const metadata = objectMetadata(context, account)
    const asked = linkHeaders(context, scope.place.account, `${scope.place.container}/${scope.place.object}`)
    const link = asked && (await madeLink(context, scope, asked))
    const delete_at = deleteAt(headers, cloud)
    const received =
      length !== null && length <= inlineBytes && !link
        ? await receiveSmall(cloud, context.request)
        : await receiveFor(cloud, destinationOf(scope), patient(context.request), { length, own: true })
    const expected = header(headers, 'etag')?.replace(/^"|"$/g, '').toLowerCase()
    const cut = length !== null && received.size !== length
    const kind = link ? 'link' : metadata['x-object-manifest'] ? 'dlo' : ''
    if ((expected && expected !== received.etag) || cut || (link && received.size)) {
      await discard(cloud, received)
      if (link && received.size) throw bodyFault()
      if (cut) throw new Fault(499, 'Client Disconnect')
      const tried = { 'last-modified': httpDate(nextTimestamp(cloud.environment.clock)) }
      throw new Fault(422, 'Unable to process the contained instructions', { headers: tried })
    }
    const made = await writeObject(cloud, scope.container, {
      name: scope.place.object,
      content_type: link && !header(headers, 'content-type') ? link.content_type : contentType(headers, scope.place.object),
      metadata: { ...metadata, ...link?.metadata },
      delete_at,
      kind,
      received,
      onlyNew,
      at: scope.syncAt,
      reseller: scope.access.reseller,
    })
    return madeReply(made)
  },
})

/** The link with what is to be known of its target. What another cloud sends is as it was there: its target may still be to come. */
function madeLink(context: BaseContext, scope: Scope, link: Headers) {
  if (link['x-symlink-target-etag'] && scope.syncAt === undefined) return checkedLink(context, scope, link)
  const bytes = header(context.headers, 'x-symlink-target-bytes')
  const told: Headers = link['x-symlink-target-etag'] && bytes && /^\d{1,15}$/.test(bytes) ? { 'x-symlink-target-bytes': bytes } : {}
  return { metadata: { ...link, ...told }, content_type: 'application/symlink' }
}

/** 201 with what there is to know of a new object. */
export const madeReply = (made: NewObject, more: Record<string, string> = {}) =>
  reply({
    status: 201,
    headers: {
      etag: made.kind === 'slo' ? `"${made.etag}"` : made.etag,
      'last-modified': httpDate(made.changed_at),
      'content-type': 'text/html; charset=UTF-8',
      ...(made.version_id && { 'x-object-version-id': made.version_id }),
      ...more,
    },
  })

/** The length of the body; null when it comes in chunks. Throws 411 and 413. */
function bodyLength({ headers }: BaseContext): number | null {
  if (headers['transfer-encoding'] !== undefined) return null
  const text = header(headers, 'content-length')
  if (text === undefined) throw new Fault(411, 'Content-Length header required.')
  if (Number(text) > limits.max_file_size) throw tooLarge()
  return Number(text)
}

/** True for `If-None-Match: *`; on a PUT nothing else makes sense. */
function noneMatch({ headers }: BaseContext): boolean {
  const text = header(headers, 'if-none-match')
  if (text === undefined) return false
  if (text.trim() !== '*') throw plain(400, 'If-None-Match only supports *')
  return true
}
