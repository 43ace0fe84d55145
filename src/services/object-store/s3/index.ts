// S3 on the same data: buckets are containers, signed with EC2 credentials of identity.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Method, operation, type Reply, reply } from '../../../api/operation.ts'
import { putBucketAcl, putObjectAcl, showAcl } from './acl.ts'
import { objectAttributes } from './attributes.ts'
import { bucketOf, createBucket, deleteBucket, listBuckets, listObjectsS3, setVersioning, tag, xmlReply } from './buckets.ts'
import { complete } from './complete.ts'
import { deleteKeys, deleteObjectS3 } from './delete.ts'
import { type Code, fault, faultReply } from './faults.ts'
import { abort, initiate, listParts, listUploads, putPart } from './multipart.ts'
import { existing, getObject, putObjectS3, scopeOf } from './objects.ts'
import { isSigned, type Signed, verify } from './signature.ts'
import { bucketTagging, objectTagging } from './tags.ts'
import { listObjectVersions } from './versions.ts'

const methods: Method[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']

/** Sub-resources that are not built, lest a question about them be taken for one about the thing itself: what a GET says of a bucket without. */
const unbuilt: Record<string, Code | { root: string; inner: string } | null> = {
  accelerate: { root: 'AccelerateConfiguration', inner: '' },
  analytics: null,
  cors: 'NoSuchCORSConfiguration',
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  inventory: null,
  'intelligent-tiering': null,
  'legal-hold': 'NoSuchObjectLockConfiguration',
  lifecycle: 'NoSuchLifecycleConfiguration',
  logging: { root: 'BucketLoggingStatus', inner: '' },
  metrics: null,
  notification: { root: 'NotificationConfiguration', inner: '' },
  'object-lock': 'ObjectLockConfigurationNotFoundError',
  ownershipControls: 'OwnershipControlsNotFoundError',
  policy: 'NoSuchBucketPolicy',
  policyStatus: 'NoSuchBucketPolicy',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  replication: 'ReplicationConfigurationNotFoundError',
  requestPayment: { root: 'RequestPaymentConfiguration', inner: '<Payer>BucketOwner</Payer>' },
  restore: null,
  retention: 'NoSuchObjectLockConfiguration',
  select: null,
  torrent: null,
  website: 'NoSuchWebsiteConfiguration',
}

/** The answer about a thing that no bucket has: there is none, and none can be set. */
async function withoutIt(context: BaseContext, signed: Signed, name: string, bucket: string | null): Promise<Reply> {
  const { method } = context.request
  const answer = unbuilt[name]!
  if (bucket === null || !answer || (method !== 'GET' && method !== 'DELETE'))
    throw fault('NotImplemented', `The subresource ${name} is not built.`)
  await bucketOf(context, signed, bucket)
  if (method === 'DELETE') return reply({ status: 204 })
  if (typeof answer === 'string') throw fault(answer)
  return xmlReply(answer.root, answer.inner)
}

async function onBucket(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const { rawQuery, request } = context
  const has = (name: string) => rawQuery.has(name)
  if (has('tagging')) return bucketTagging(context, signed, bucket)
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
      await bucketOf(context, signed, bucket)
      return reply({ status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' } })
  }
  const row = await bucketOf(context, signed, bucket)
  if (has('location')) return xmlReply('LocationConstraint', '')
  if (has('acl')) return showAcl(signed, row)
  if (has('versions')) return listObjectVersions(context, signed, bucket)
  if (has('uploads')) return listUploads(context, signed, bucket)
  if (has('versioning')) {
    const enabled = row.metadata['x-versions-enabled']
    return xmlReply('VersioningConfiguration', enabled ? tag('Status', enabled === 'True' ? 'Enabled' : 'Suspended') : '')
  }
  return listObjectsS3(context, signed, bucket)
}

async function onObject(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { rawQuery, request } = context
  const upload = rawQuery.has('uploadId')
  if (rawQuery.has('tagging')) return objectTagging(context, signed, bucket, key)
  if (rawQuery.has('attributes') && request.method === 'GET') return objectAttributes(context, signed, bucket, key)
  switch (request.method) {
    case 'PUT':
      if (rawQuery.has('acl')) return putObjectAcl(context, signed, bucket, key)
      return upload ? putPart(context, signed, bucket, key) : putObjectS3(context, signed, bucket, key)
    case 'DELETE':
      return upload ? abort(context, signed, bucket, key) : deleteObjectS3(context, signed, bucket, key)
    case 'POST':
      if (rawQuery.has('uploads')) return initiate(context, signed, bucket, key)
      if (upload) return complete(context, signed, bucket, key)
      throw fault('NotImplemented')
  }
  if (upload) return listParts(context, signed, bucket, key)
  if (rawQuery.has('acl')) {
    const scope = await scopeOf(context, signed, bucket, key, 'read')
    await existing(context, scope, rawQuery.get('versionId'))
    return showAcl(signed, scope.container)
  }
  return getObject(context, signed, bucket, key)
}

async function handle(context: BaseContext, bucket: string | null, key: string | null): Promise<Reply> {
  if (!isSigned(context)) throw new Fault(404, 'The resource could not be found.')
  try {
    const signed = await verify(context)
    context.who = signed.who
    const refused = Object.keys(unbuilt).find((name) => context.rawQuery.has(name))
    if (refused) return await withoutIt(context, signed, refused, key === null ? bucket : null)
    if (bucket === null) return await listBuckets(context, signed)
    return key === null ? await onBucket(context, signed, bucket) : await onObject(context, signed, bucket, key)
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    if (!(error instanceof Fault) || full) throw error
    const made = faultReply(error, context.request.url!.split('?')[0]!, context.requestId, key === null ? 'NoSuchBucket' : 'NoSuchKey')
    return context.request.method === 'HEAD' ? reply({ status: made.status, headers: made.headers }) : made
  }
}

const common = { auth: 'none', policy: null, majors: [''], input: 'stream', transaction: 'none' } as const

export const s3Operations = [
  operation({
    ...common,
    catalog: [],
    id: 's3.buckets',
    method: 'GET',
    path: '/',
    summary: 'S3: list buckets',
    handle: (context) => handle(context, null, null),
  }),
  ...methods.map((method) =>
    operation({
      ...common,
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
      catalog: [],
      id: `s3.object.${method.toLowerCase()}`,
      method,
      path: '/{bucket}/{key*}',
      summary: 'S3: objects',
      handle: (context) => handle(context, context.params.bucket, context.params.key),
    }),
  ),
]
