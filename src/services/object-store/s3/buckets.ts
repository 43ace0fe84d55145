// Buckets are containers of the project that the access key belongs to.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
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
  const made = await context.cloud.database.write((tx) => putContainer({ ...context, headers: {}, tx, db: tx.db }, account, name))
  if (!made) throw fault('BucketAlreadyOwnedByYou')
  return reply({ status: 200, headers: { location: `/${name}` } })
}

export async function deleteBucket(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const account = accountOf(signed)
  authorize(context, account, 'own')
  if (!(await findContainer(context.cloud.database.read, account, name))) throw fault('NoSuchBucket')
  await context.cloud.database.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name))
  const segments = await findContainer(context.cloud.database.read, account, name + segmentsSuffix)
  if (segments && !segments.objects)
    await context.cloud.database.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name + segmentsSuffix))
  return reply({ status: 204 })
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
  const key = (text: string) => (url ? encodeURIComponent(text).replaceAll('%2F', '/') : text)
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

/** POST ?delete: many keys at once. */
export async function deleteKeys(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  await bucketOf(context, signed, name)
  const root = parseXml(await smallBody(context, signed, 2_097_152))
  const keys = root.children
    .filter((child) => child.name === 'Object')
    .map((child) => child.children.find((part) => part.name === 'Key')?.text)
  if (root.name !== 'Delete' || !keys.length || keys.length > 1000 || keys.some((key) => !key)) throw fault('MalformedXML')
  const quiet = childText(root, 'Quiet') === 'true'
  const results: string[] = []
  for (const key of keys as string[]) {
    const path = [name, ...key.split('/')].map(encodeURIComponent).join('/')
    const report = await removeNames(context, accountOf(signed), [path])
    if (report.errors.length)
      results.push(`<Error>${tag('Key', key)}${tag('Code', 'AccessDenied')}${tag('Message', report.errors[0]![1])}</Error>`)
    else if (!quiet) results.push(`<Deleted>${tag('Key', key)}</Deleted>`)
  }
  return xmlReply('DeleteResult', results.join(''))
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

export const fullControl = (signed: Signed) =>
  xmlReply(
    'AccessControlPolicy',
    `${owner(signed)}<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${tag('ID', signed.who.project!.id)}${tag('DisplayName', signed.who.project!.name)}</Grantee>${tag('Permission', 'FULL_CONTROL')}</Grant></AccessControlList>`,
  )
