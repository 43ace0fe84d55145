// Buckets are containers of the project that the access key belongs to.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { isUniqueViolation } from '../../../db/database.ts'
import { accountPrefix, authorize } from '../access/authorize.ts'
import { removeNames } from '../bulk/delete.ts'
import { dropContainer, putContainer } from '../containers/change.ts'
import { findContainer, setContainerMetadata } from '../containers/store.ts'
import { merged } from '../headers.ts'
import type { ListingQuery } from '../listing/query.ts'
import { xmlText } from '../listing/render.ts'
import { containersIn, type ListedObject, objectsIn } from '../listing/store.ts'
import { walk } from '../listing/walk.ts'
import type { Container } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { listsOfNew } from './acl.ts'
import { smallBody } from './body.ts'
import { fault } from './faults.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
/** Where the parts of multipart uploads are kept; users of Swift see it, users of S3 do not. */
export const segmentsSuffix = '+segments'

export const accountOf = (signed: Signed) => accountPrefix + signed.who.project!.id
export const xmlReply = (root: string, inner: string, status = 200): Reply =>
  reply({
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${inner}</${root}>`,
  })
export const tag = (name: string, value: string | number) => `<${name}>${typeof value === 'number' ? value : xmlText(value)}</${name}>`
export const s3Time = (at: number) => new Date(Math.floor(at / 100)).toISOString()
/** Keys as the listing was asked to show them: XML cannot hold all of them as they are. */
export const keyText = (query: URLSearchParams) =>
  query.get('encoding-type') === 'url' ? (text: string) => encodeURIComponent(text).replaceAll('%2F', '/') : (text: string) => text
export const owner = (signed: Signed, name = 'Owner') =>
  `<${name}>${tag('ID', signed.who.project!.id)}${tag('DisplayName', signed.who.project!.name)}</${name}>`

/** The bucket, for those who may; throws NoSuchBucket. */
export async function bucketOf(context: BaseContext, signed: Signed, name: string): Promise<Container> {
  const row = await findContainer(context.cloud.database.read, accountOf(signed), name)
  authorize(context, accountOf(signed), 'list', row?.metadata)
  if (!row) throw fault('NoSuchBucket')
  return row
}

export async function listBuckets(context: BaseContext, signed: Signed): Promise<Reply> {
  authorize(context, accountOf(signed), 'own-read')
  const range = { from: null, after: false, to: null, limit: 10_000, reverse: false }
  const rows = (await containersIn(context.cloud.database.read, accountOf(signed), range)).filter(
    ({ name }) => !name.endsWith(segmentsSuffix),
  )
  const buckets = rows.map((row) => `<Bucket>${tag('Name', row.name)}${tag('CreationDate', s3Time(row.changed_at))}</Bucket>`)
  return xmlReply('ListAllMyBucketsResult', `${owner(signed)}<Buckets>${buckets.join('')}</Buckets>`)
}

export async function createBucket(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const account = accountOf(signed)
  authorize(context, account, 'own')
  const body = await smallBody(context, signed, 65_536)
  if (body) parseXml(body)
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(name) || name.includes('..')) throw fault('InvalidBucketName')
  const headers = listsOfNew(context)
  await context.cloud.database
    .write(async (tx) => {
      const isNew = await putContainer({ ...context, headers, tx, db: tx.db }, account, name)
      // Somebody's own settings must not be changed by a second try to make it.
      if (!isNew) throw fault('BucketAlreadyOwnedByYou')
    })
    .catch((error) => {
      if (isUniqueViolation(error)) throw fault('BucketAlreadyOwnedByYou')
      throw error
    })
  return reply({ status: 200, headers: { location: `/${name}` } })
}

export async function deleteBucket(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const account = accountOf(signed)
  authorize(context, account, 'own')
  if (!(await findContainer(context.cloud.database.read, account, name))) throw fault('NoSuchBucket')
  await context.cloud.database.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name))
  await dropUploads(context, account, name + segmentsSuffix)
  return reply({ status: 204 })
}

/** With an empty bucket go the uploads that were begun in it. */
async function dropUploads(context: BaseContext, account: string, name: string): Promise<void> {
  const { database } = context.cloud
  const segments = await findContainer(database.read, account, name)
  if (!segments) return
  for (let from: string | null = null; ; ) {
    const rows: ListedObject[] = await objectsIn(database.read, segments.id, { from, after: true, to: null, limit: 1000, reverse: false })
    const ours = rows.filter((row) => /\/[0-9a-f]{32}(\/\d{5})?$/.test(row.name))
    await removeNames(
      context,
      account,
      ours.map((row) => [name, ...row.name.split('/')].map(encodeURIComponent).join('/')),
    )
    if (rows.length < 1000) break
    from = rows.at(-1)!.name
  }
  await database
    .write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name))
    .catch((error) => {
      // Somebody keeps things of his own there.
      if (!(error instanceof Fault)) throw error
    })
}

export async function listObjectsS3(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const row = await bucketOf(context, signed, name)
  const { rawQuery } = context
  const second = rawQuery.get('list-type') === '2'
  const maxText = rawQuery.get('max-keys') ?? '1000'
  if (!/^\d{1,9}$/.test(maxText)) throw fault('InvalidArgument')
  const max = Math.min(Number(maxText), 1000)
  const token = rawQuery.get('continuation-token')
  const marker = second
    ? token === null
      ? (rawQuery.get('start-after') ?? '')
      : Buffer.from(token, 'base64url').toString()
    : (rawQuery.get('marker') ?? '')
  const query: ListingQuery = {
    limit: max + 1,
    marker,
    endMarker: '',
    prefix: rawQuery.get('prefix') ?? '',
    delimiter: rawQuery.get('delimiter') ?? '',
    path: null,
    reverse: false,
  }
  const entries = max ? await walk(query, (range) => objectsIn(context.cloud.database.read, row.id, range)) : []
  const truncated = entries.length > max
  const shown = entries.slice(0, max)
  const last = shown.at(-1)
  const next = truncated && last ? ('subdir' in last ? last.subdir : last.name) : ''
  const url = rawQuery.get('encoding-type') === 'url'
  const key = keyText(rawQuery)
  const withOwner = !second || rawQuery.get('fetch-owner') === 'true'
  const contents = (entry: ListedObject) =>
    `<Contents>${tag('Key', key(entry.name))}${tag('LastModified', s3Time(entry.changed_at))}${tag('ETag', `"${entry.etag}"`)}${tag('Size', entry.size)}${withOwner ? owner(signed) : ''}${tag('StorageClass', 'STANDARD')}</Contents>`
  const parts = [
    tag('Name', name),
    tag('Prefix', key(query.prefix)),
    second ? tag('KeyCount', shown.length) : tag('Marker', key(marker)),
    tag('MaxKeys', max),
    query.delimiter ? tag('Delimiter', key(query.delimiter)) : '',
    url ? tag('EncodingType', 'url') : '',
    tag('IsTruncated', String(truncated)),
    next ? (second ? tag('NextContinuationToken', Buffer.from(next).toString('base64url')) : tag('NextMarker', key(next))) : '',
    second && token !== null ? tag('ContinuationToken', token) : '',
    ...shown.map((entry) => ('subdir' in entry ? `<CommonPrefixes>${tag('Prefix', key(entry.subdir))}</CommonPrefixes>` : contents(entry))),
  ]
  return xmlReply('ListBucketResult', parts.join(''))
}

export async function setVersioning(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const row = await bucketOf(context, signed, name)
  authorize(context, accountOf(signed), 'own')
  const status = childText(parseXml(await smallBody(context, signed, 65_536)), 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') throw fault('MalformedXML')
  const metadata = merged(row.metadata, { 'x-versions-enabled': status === 'Enabled' ? 'True' : 'False' }, 'container')
  await context.cloud.database.write(({ db }) => setContainerMetadata(db, row.id, metadata, nextTimestamp(context.cloud.environment.clock)))
  return reply({ status: 200 })
}
