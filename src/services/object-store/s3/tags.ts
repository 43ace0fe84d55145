// Tags of objects and buckets, kept beside the metadata where users of Swift do not see them.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { lockContainer, setContainerMetadata } from '../containers/store.ts'
import { header } from '../headers.ts'
import { findObject, setObject } from '../objects/store.ts'
import type { Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { tag, xmlReply } from './answers.ts'
import { fault } from './faults.ts'
import { bucketOf, objectOf, scopeOf } from './scope.ts'
import type { Signed } from './signature.ts'
import { childText, xmlBody } from './xml.ts'

const objectName = 'x-object-sysmeta-s3-tags'
const bucketName = 'x-container-sysmeta-s3-tags'

function checked(pairs: [string, string][], most: number): string {
  if (pairs.length > most) throw fault('InvalidTag', `Object tags cannot be greater than ${most}`)
  const seen = new Set<string>()
  for (const [key, value] of pairs) {
    if (!key || [...key].length > 128 || [...value].length > 256 || seen.has(key)) throw fault('InvalidTag')
    seen.add(key)
  }
  // In the order of their keys, as they are shown.
  return new URLSearchParams(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))).toString()
}

/** Tags that came with the object itself, in `x-amz-tagging`. */
export function tagsFromHeader(context: BaseContext): Headers {
  const text = header(context.headers, 'x-amz-tagging')
  return text ? { [objectName]: checked([...new URLSearchParams(text)], 10) } : {}
}

/** The tags among what is kept of an object, for a copy of it. */
export const tagHeaders = (metadata: Headers): Headers => (metadata[objectName] ? { [objectName]: metadata[objectName] } : {})
export const tagsOf = (metadata: Headers): [string, string][] => [...new URLSearchParams(metadata[objectName] ?? '')]

async function tagsFromBody(context: BaseContext, signed: Signed, most: number): Promise<string> {
  const root = await xmlBody(context, signed)
  const set = root.children.find(({ name }) => name === 'TagSet')
  if (root.name !== 'Tagging' || !set) throw fault('MalformedXML')
  const pairs = set.children.map((child): [string, string] => {
    const key = childText(child, 'Key')
    if (child.name !== 'Tag' || key === undefined) throw fault('MalformedXML')
    return [key, childText(child, 'Value') ?? '']
  })
  return checked(pairs, most)
}

const tagging = (text: string) =>
  xmlReply(
    'Tagging',
    `<TagSet>${[...new URLSearchParams(text)].map(([key, value]) => `<Tag>${tag('Key', key)}${tag('Value', value)}</Tag>`).join('')}</TagSet>`,
  )

/** GET, PUT and DELETE of `?tagging` at an object. */
export async function objectTagging(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { method } = context.request
  const version = context.rawQuery.get('versionId')
  if (method === 'GET') {
    // No grant opens tags.
    const { row } = await objectOf(context, signed, bucket, key, null)
    return tagging(row.metadata[objectName] ?? '')
  }
  if (version !== null) throw fault('NotImplemented', 'Tags of older versions cannot be changed.')
  const scope = await scopeOf(context, signed, bucket, key)
  if (scope.by === 'grants') throw fault('AccessDenied')
  const text = method === 'PUT' ? await tagsFromBody(context, signed, 10) : ''
  const { cloud } = context
  await context.write(async (tx) => {
    const container = await lockContainer(tx, cloud, scope.container.id)
    const row = await findObject(tx.db, container.id, key)
    if (!row) throw fault('NoSuchKey')
    const { [objectName]: _, ...metadata } = row.metadata
    await setObject(tx.db, container.id, key, { metadata: text ? { ...metadata, [objectName]: text } : metadata })
  })
  return reply({})
}

/** GET, PUT and DELETE of `?tagging` at a bucket. */
export async function bucketTagging(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const { method } = context.request
  const row = await bucketOf(context, signed, bucket, method === 'GET' ? 'own-read' : 'own')
  if (method === 'GET') {
    const text = row.metadata[bucketName]
    if (!text) throw fault('NoSuchTagSet')
    return tagging(text)
  }
  const text = method === 'PUT' ? await tagsFromBody(context, signed, 50) : ''
  const { cloud } = context
  await context.write(async (tx) => {
    const now = await lockContainer(tx, cloud, row.id)
    const { [bucketName]: _, ...metadata } = now.metadata
    const at = nextTimestamp(cloud.environment.clock)
    await setContainerMetadata(tx.db, row.id, text ? { ...metadata, [bucketName]: text } : metadata, at)
  })
  return reply({ status: 204 })
}
