// GET and HEAD of objects and of their versions.
import { type BaseContext, Reply, reply } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import { readManifest } from '../large-objects/manifest.ts'
import { condition } from '../objects/conditions.ts'
import { readReply } from '../objects/get.ts'
import { versionName } from '../objects/versions.ts'
import { checksumHeaders, checksumOf } from './checksums.ts'
import { fault } from './faults.ts'
import { shownName } from './metadata.ts'
import { checksumsOfParts } from './parts.ts'
import { hasVersions, objectOf } from './scope.ts'
import type { Signed } from './signature.ts'
import { tagsOf } from './tags.ts'

const mostParts = 10_000

/** The part that the query names, 1 or more; null for none. Throws InvalidArgument, InvalidPart, and InvalidRequest beside a range. */
function partNumber(context: BaseContext, parts: number): number | null {
  const text = context.rawQuery.get('partNumber')
  if (text === null) return null
  if (context.headers.range !== undefined) throw fault('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter')
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > mostParts)
    throw fault('InvalidArgument', `Part number must be an integer between 1 and ${mostParts}, inclusive`)
  if (Number(text) > parts) throw fault('InvalidPart', 'The requested part does not exist.')
  return Number(text)
}

/** Of the answer to a read; `response-NAME` in its query says another value. */
export const overridableHeaders = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
] as const
const overridden = new Map<string, string>(overridableHeaders.map((name) => [`response-${name}`, name]))

/** A value for a header: UTF-8 as its bytes. Throws InvalidArgument for what would end the line. */
function headerValue(name: string, text: string): string {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) throw fault('InvalidArgument', `The value of ${name} holds a control character.`)
  return Buffer.from(text, 'utf8').toString('latin1')
}

export async function getObject(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { cloud, headers: asked, rawQuery } = context
  const { scope, row, tags: shown } = await objectOf(context, signed, bucket, key)
  const manifest = rawQuery.has('partNumber') && row.kind === 'slo' ? await readManifest(cloud, row) : null
  const part = partNumber(context, manifest?.length || 1)
  // Conditions name the ETag as S3 shows it.
  const status = condition(asked, row.etag, row.changed_at)
  if (status === 412) throw fault('PreconditionFailed')
  const { range } = asked
  const query = new URLSearchParams(manifest && part !== null ? { 'part-number': String(part) } : {})
  const made =
    status === 304 ? reply({ status }) : await readReply({ ...context, headers: range ? { range } : {}, rawQuery: query }, scope, row)
  if (made.status === 416) throw fault('InvalidRange', undefined, { 'content-range': made.headers['content-range']! })
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(made.headers)) {
    const shown = shownName(name)
    if (shown) headers[shown] = value
    else if (!name.startsWith('x-')) headers[name] = value
  }
  headers.etag = `"${row.etag}"`
  if (hasVersions(scope)) headers['x-amz-version-id'] = versionName(row.version_id)
  const tags = shown ? tagsOf(row.metadata).length : 0
  if (tags) headers['x-amz-tagging-count'] = String(tags)
  // The one part of an object that has no parts is all of it.
  const whole = part !== null && !manifest && made.status === 200
  if (whole && row.size) headers['content-range'] = `bytes 0-${row.size - 1}/${row.size}`
  if (part !== null && manifest) headers['x-amz-mp-parts-count'] = String(manifest.length)
  if (header(asked, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' && range === undefined && status !== 304) {
    const sum = checksumOf(row.metadata)
    const ofPart = manifest && part !== null ? (await checksumsOfParts(context, [manifest[part - 1]!], scope.container))[0] : undefined
    Object.assign(
      headers,
      checksumHeaders(manifest && part !== null ? (ofPart ? { ...ofPart, composite: sum?.composite ?? false } : null) : sum),
    )
  }
  for (const [name, value] of rawQuery) {
    const of = overridden.get(name)
    if (!of) continue
    // What changes the answer is asked for by somebody who is known.
    if (!signed.who) throw fault('InvalidRequest', 'Request specific response headers cannot be used for anonymous GET requests.')
    headers[of] = headerValue(name, value)
  }
  return new Reply({ status: whole && row.size ? 206 : made.status, headers, body: made.body })
}
