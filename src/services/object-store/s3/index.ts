// S3 on the same data: buckets are containers, signed with EC2 credentials of identity.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Method, operation, type Reply, reply } from '../../../api/operation.ts'
import {
  bucketOf,
  createBucket,
  deleteBucket,
  deleteKeys,
  fullControl,
  listBuckets,
  listObjectsS3,
  setVersioning,
  tag,
  xmlReply,
} from './buckets.ts'
import { fault, faultReply } from './faults.ts'
import { abort, complete, initiate, listParts, listUploads, putPart } from './multipart.ts'
import { deleteObjectS3, getObject, putObjectS3, scopeOf } from './objects.ts'
import { isSigned, type Signed, verify } from './signature.ts'

const methods: Method[] = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']

/** Sub-resources that stay unbuilt are refused, lest a question about them be taken for one about the thing itself. */
const unbuilt = [
  'cors',
  'lifecycle',
  'logging',
  'notification',
  'policy',
  'replication',
  'tagging',
  'torrent',
  'website',
  'encryption',
  'object-lock',
  'versions',
  'select',
  'restore',
  'legal-hold',
  'retention',
  'accelerate',
  'requestPayment',
  'inventory',
  'metrics',
  'analytics',
  'ownershipControls',
  'publicAccessBlock',
  'attributes',
]

async function onBucket(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const { rawQuery, request } = context
  const has = (name: string) => rawQuery.has(name)
  switch (request.method) {
    case 'PUT':
      if (has('versioning')) return setVersioning(context, signed, bucket)
      if (has('acl')) throw fault('NotImplemented')
      return createBucket(context, signed, bucket)
    case 'DELETE':
      return deleteBucket(context, signed, bucket)
    case 'POST':
      if (has('delete')) return deleteKeys(context, signed, bucket)
      throw fault('NotImplemented')
    case 'HEAD':
      await bucketOf(context, signed, bucket)
      return reply({ status: 200 })
  }
  const row = await bucketOf(context, signed, bucket)
  if (has('location')) return xmlReply('LocationConstraint', '')
  if (has('acl')) return fullControl(signed)
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
  switch (request.method) {
    case 'PUT':
      if (rawQuery.has('acl')) throw fault('NotImplemented')
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
    await scopeOf(context, signed, bucket, key, 'read')
    return fullControl(signed)
  }
  return getObject(context, signed, bucket, key)
}

async function handle(context: BaseContext, bucket: string | null, key: string | null): Promise<Reply> {
  if (!isSigned(context)) throw new Fault(404, 'The resource could not be found.')
  try {
    const signed = await verify(context)
    context.who = signed.who
    const refused = unbuilt.find((name) => context.rawQuery.has(name))
    if (refused) throw fault('NotImplemented', `The subresource ${refused} is not built.`)
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
