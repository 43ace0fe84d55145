// Lists of buckets and of the objects in one.
import type { BaseContext, Reply } from '../../../api/operation.ts'
import { authorize } from '../access/authorize.ts'
import { type ListingQuery, successor } from '../listing/query.ts'
import { containersIn, type ListedObject, objectsIn } from '../listing/store.ts'
import { walk } from '../listing/walk.ts'
import { heard } from '../objects/scope.ts'
import { countOf, keyText, owner, s3Time, tag, xmlReply } from './answers.ts'
import { fault } from './faults.ts'
import { segmentsSuffix } from './parts.ts'
import { bucketOf, ownAccount } from './scope.ts'
import type { Signed } from './signature.ts'

const toToken = (name: string) => Buffer.from(name).toString('base64url')

/** Where a listing goes on. Throws InvalidArgument for what no listing gave. */
function fromToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (toToken(name) !== token || name.includes('\0')) throw fault('InvalidArgument', 'The continuation token provided is incorrect')
  return name
}

/** GET of the service: the buckets of the project, by pages where they are asked for. */
export async function listBuckets(context: BaseContext, signed: Signed): Promise<Reply> {
  const account = ownAccount(signed)
  authorize(context, account, 'own-read')
  const { rawQuery } = context
  const most = countOf(context, 'max-buckets', 10_000)
  if (most < 1) throw fault('InvalidArgument', 'max-buckets must be at least 1.')
  const prefix = rawQuery.get('prefix') ?? ''
  const token = rawQuery.get('continuation-token')
  const after = token ? fromToken(token) : null
  const shown: Awaited<ReturnType<typeof containersIn>> = []
  for (let from = after ?? (prefix || null), open = after !== null; shown.length <= most; ) {
    heard(context)
    const range = { from, after: open, to: prefix ? successor(prefix) : null, limit: 10_000, reverse: false }
    const rows = await containersIn(context.cloud.database.read, account, range)
    shown.push(...rows.filter(({ name }) => !name.endsWith(segmentsSuffix)))
    if (rows.length < 10_000 || rawQuery.get('max-buckets') === null) break
    from = rows.at(-1)!.name
    open = true
  }
  const page = shown.slice(0, most)
  const buckets = page.map((row) => `<Bucket>${tag('Name', row.name)}${tag('CreationDate', s3Time(row.changed_at))}</Bucket>`)
  const { user } = signed.who!
  return xmlReply(
    'ListAllMyBucketsResult',
    `<Owner>${tag('ID', user.id)}${tag('DisplayName', user.name)}</Owner><Buckets>${buckets.join('')}</Buckets>${
      prefix ? tag('Prefix', prefix) : ''
    }${shown.length > most ? tag('ContinuationToken', toToken(page.at(-1)!.name)) : ''}`,
  )
}

/** GET of a bucket, in either version. */
export async function listObjects(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const row = await bucketOf(context, signed, name)
  const { rawQuery } = context
  const second = rawQuery.get('list-type') === '2'
  const max = countOf(context, 'max-keys', 1000)
  const key = keyText(rawQuery)
  const token = second ? rawQuery.get('continuation-token') : null
  const startAfter = second ? rawQuery.get('start-after') : null
  const marker = second ? (token === null ? (startAfter ?? '') : fromToken(token)) : (rawQuery.get('marker') ?? '')
  const query: ListingQuery = {
    limit: max + 1,
    marker,
    endMarker: '',
    prefix: rawQuery.get('prefix') ?? '',
    delimiter: rawQuery.get('delimiter') ?? '',
    path: null,
    reverse: false,
  }
  // What a gateway of Ceph may list in any order is listed in order; with a delimiter it refuses.
  if (query.delimiter && rawQuery.get('allow-unordered') === 'true')
    throw fault('InvalidArgument', 'allow-unordered cannot be combined with a delimiter.')
  const entries = max
    ? await walk(query, (range) => {
        heard(context)
        return objectsIn(context.cloud.database.read, row.id, range)
      })
    : []
  const truncated = entries.length > max
  const shown = entries.slice(0, max)
  const last = shown.at(-1)
  const next = truncated && last ? ('subdir' in last ? last.subdir : last.name) : ''
  const withOwner = !second || rawQuery.get('fetch-owner') === 'true' ? owner(row) : ''
  const contents = (entry: ListedObject) =>
    `<Contents>${tag('Key', key(entry.name))}${tag('LastModified', s3Time(entry.changed_at))}${tag('ETag', `"${entry.etag}"`)}${tag('Size', entry.size)}${withOwner}${tag('StorageClass', 'STANDARD')}</Contents>`
  const parts = [
    tag('Name', name),
    tag('Prefix', key(query.prefix)),
    second ? tag('KeyCount', shown.length) : tag('Marker', key(marker)),
    tag('MaxKeys', max),
    query.delimiter ? tag('Delimiter', key(query.delimiter)) : '',
    rawQuery.has('encoding-type') ? tag('EncodingType', 'url') : '',
    tag('IsTruncated', String(truncated)),
    next ? (second ? tag('NextContinuationToken', toToken(next)) : tag('NextMarker', key(next))) : '',
    token === null ? '' : tag('ContinuationToken', token),
    startAfter === null ? '' : tag('StartAfter', key(startAfter)),
    ...shown.map((entry) => ('subdir' in entry ? `<CommonPrefixes>${tag('Prefix', key(entry.subdir))}</CommonPrefixes>` : contents(entry))),
  ]
  return xmlReply('ListBucketResult', parts.join(''))
}
