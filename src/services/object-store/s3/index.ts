// S3 on the same data: buckets are containers, signed with EC2 credentials of identity.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Method, operation, type Reply, reply } from '../../../api/operation.ts'
import { putBucketAcl, putObjectAcl, showBucketAcl, showObjectAcl } from './acl.ts'
import { objectAttributes } from './attributes.ts'
import { createBucket, deleteBucket, regionOf, setVersioning, showLocation, showVersioning } from './buckets.ts'
import { complete } from './complete.ts'
import { deleteKeys, deleteObject } from './delete.ts'
import { fault, faultReply, requestIds } from './faults.ts'
import { listBuckets, listObjects } from './list.ts'
import { abort, initiate, listParts, listUploads, putPart } from './multipart.ts'
import { getObject } from './objects.ts'
import { bucketOwnership } from './ownership.ts'
import { putObject } from './put.ts'
import { S3Buckets, S3Listing, S3Object, S3Request } from './queries.ts'
import { bucketOf } from './scope.ts'
import { headersAsked, isSigned, type Signed, unsigned, verify } from './signature.ts'
import { withoutIt } from './subresources.ts'
import { bucketTagging, objectTagging } from './tags.ts'
import { checkHeaders } from './unbuilt.ts'
import { listObjectVersions } from './versions.ts'

const methods: Method[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS']

async function onBucket(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const { rawQuery, request } = context
  const has = (name: string) => rawQuery.has(name)
  if (has('tagging')) return bucketTagging(context, signed, bucket)
  if (has('ownershipControls')) return bucketOwnership(context, signed, bucket)
  switch (request.method) {
    case 'PUT':
      if (has('versioning')) return setVersioning(context, signed, bucket)
      if (has('acl')) return putBucketAcl(context, signed, bucket)
      return createBucket(context, signed, bucket)
    case 'DELETE':
      return deleteBucket(context, signed, bucket)
    case 'POST':
      if (has('delete')) return deleteKeys(context, signed, bucket)
      throw fault('NotImplemented')
    case 'HEAD':
      return reply({ headers: { 'x-amz-bucket-region': regionOf(await bucketOf(context, signed, bucket)) } })
  }
  if (has('acl')) return showBucketAcl(context, signed, bucket)
  if (has('versions')) return listObjectVersions(context, signed, bucket)
  if (has('uploads')) return listUploads(context, signed, bucket)
  if (has('location')) return showLocation(await bucketOf(context, signed, bucket))
  if (has('versioning')) return showVersioning(await bucketOf(context, signed, bucket))
  return listObjects(context, signed, bucket)
}

async function onObject(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { rawQuery, request } = context
  const upload = rawQuery.has('uploadId')
  if (rawQuery.has('tagging')) return objectTagging(context, signed, bucket, key)
  if (rawQuery.has('attributes') && request.method === 'GET') return objectAttributes(context, signed, bucket, key)
  switch (request.method) {
    case 'PUT':
      if (rawQuery.has('acl')) return putObjectAcl(context, signed, bucket, key)
      return upload ? putPart(context, signed, bucket, key) : putObject(context, signed, bucket, key)
    case 'DELETE':
      return upload ? abort(context, signed, bucket, key) : deleteObject(context, signed, bucket, key)
    case 'POST':
      if (rawQuery.has('uploads')) return initiate(context, signed, bucket, key)
      if (upload) return complete(context, signed, bucket, key)
      throw fault('NotImplemented')
  }
  if (upload) return listParts(context, signed, bucket, key)
  if (rawQuery.has('acl')) return showObjectAcl(context, signed, bucket, key)
  return getObject(context, signed, bucket, key)
}

/** What a page of another origin asks before it asks: buckets have no such rules of their own. */
function preflight({ headers }: BaseContext): never {
  if (headers.origin === undefined) throw fault('BadRequest', 'Insufficient information. Origin request header needed.')
  if (headers['access-control-request-method'] === undefined) throw fault('BadRequest', 'Invalid Access-Control-Request-Method: null')
  throw fault('AccessForbidden')
}

async function answer(given: BaseContext, bucket: string | null, key: string | null): Promise<Reply> {
  if (given.request.method === 'OPTIONS') preflight(given)
  for (const text of given.rawQuery.values())
    if (text.includes('\0')) throw fault('InvalidArgument', 'The query must not hold a NUL character.')
  const signed = isSigned(given) ? await verify(given) : unsigned(given)
  given.who = signed.who as typeof given.who
  const context = { ...given, headers: headersAsked(given) }
  checkHeaders(context.headers)
  const unbuilt = await withoutIt(context, signed, bucket, key)
  if (unbuilt) return unbuilt
  if (bucket === null) return listBuckets(context, signed)
  return key === null ? onBucket(context, signed, bucket) : onObject(context, signed, bucket, key)
}

async function handle(context: BaseContext, bucket: string | null, key: string | null): Promise<Reply> {
  // The root is Swift's too, and nobody has buckets there.
  if (bucket === null && !isSigned(context)) throw new Fault(404, 'The resource could not be found.')
  try {
    const made = await answer(context, bucket, key)
    Object.assign(made.headers, requestIds(context.requestId))
    return made
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    if (!(error instanceof Fault) || full) throw error
    const made = faultReply(error, context.request.url!.split('?')[0]!, context.requestId, key === null ? 'NoSuchBucket' : 'NoSuchKey')
    return context.request.method === 'HEAD' ? reply({ status: made.status, headers: made.headers }) : made
  }
}

const common = { auth: 'none', policy: null, majors: [''], input: 'stream', transaction: 'none', answer: 'bytes' } as const

/** By method: the success status, what a request may answer besides, and its query. */
const ofBuckets = { GET: { query: S3Listing }, PUT: { otherStatuses: [204] }, DELETE: { status: 204 } } as const
const ofObjects = {
  GET: { otherStatuses: [206, 304], query: S3Object },
  HEAD: { otherStatuses: [206, 304], query: S3Object },
  DELETE: { status: 204 },
} as const
const factsOf = (facts: Partial<Record<Method, object>>, method: Method) => ({ query: S3Request, ...facts[method] })

export const s3Operations = [
  operation({
    ...common,
    catalog: [],
    id: 's3.buckets',
    method: 'GET',
    path: '/',
    summary: 'S3: list buckets',
    query: S3Buckets,
    handle: (context) => handle(context, null, null),
  }),
  ...methods.map((method) =>
    operation({
      ...common,
      ...factsOf(ofBuckets, method),
      catalog: [],
      id: `s3.bucket.${method.toLowerCase()}`,
      method,
      path: '/{bucket}',
      summary: 'S3: buckets',
      handle: (context) => handle(context, context.params.bucket, null),
    }),
  ),
  ...methods.map((method) =>
    operation({
      ...common,
      ...factsOf(ofObjects, method),
      catalog: [],
      id: `s3.object.${method.toLowerCase()}`,
      method,
      path: '/{bucket}/{key*}',
      summary: 'S3: objects',
      handle: (context) => handle(context, context.params.bucket, context.params.key),
    }),
  ),
]
