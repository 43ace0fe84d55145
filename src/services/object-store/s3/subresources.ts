// What a query may ask for beside the bucket or object itself, so that nothing about the one is taken for something about the other.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { xmlReply } from './answers.ts'
import { type Code, fault } from './faults.ts'
import { bucketOf, objectOf } from './scope.ts'
import type { Signed } from './signature.ts'

interface Subresource {
  /** Methods by which Amazon has it, of buckets and of objects. */
  bucket: string
  object: string
  /** Where it is not built: what is answered of a thing without it, null for 501. */
  without?: Code | { root: string; inner: string } | null
}

const all = 'GET PUT DELETE'
const ofBuckets = (bucket: string, without?: Subresource['without']): Subresource => ({
  bucket,
  object: '',
  ...(without !== undefined && { without }),
})
const ofObjects = (object: string, without?: Subresource['without']): Subresource => ({ ...ofBuckets('', without), object })

const subresources = {
  abac: ofBuckets('GET PUT', null),
  accelerate: ofBuckets('GET PUT', { root: 'AccelerateConfiguration', inner: '' }),
  acl: { bucket: 'GET PUT', object: 'GET PUT' },
  analytics: ofBuckets(all, null),
  attributes: ofObjects('GET'),
  cors: ofBuckets(all, 'NoSuchCORSConfiguration'),
  delete: ofBuckets('POST'),
  encryption: { bucket: all, object: 'PUT', without: 'ServerSideEncryptionConfigurationNotFoundError' },
  'intelligent-tiering': ofBuckets(all, null),
  inventory: ofBuckets(all, null),
  'legal-hold': ofObjects('GET PUT', 'InvalidRequest'),
  lifecycle: ofBuckets(all, 'NoSuchLifecycleConfiguration'),
  location: ofBuckets('GET'),
  logging: ofBuckets('GET PUT', { root: 'BucketLoggingStatus', inner: '' }),
  metadataConfiguration: ofBuckets('GET POST DELETE', null),
  metadataInventoryTable: ofBuckets('PUT', null),
  metadataJournalTable: ofBuckets('PUT', null),
  metadataTable: ofBuckets('GET POST DELETE', null),
  metrics: ofBuckets(all, null),
  notification: ofBuckets('GET PUT', { root: 'NotificationConfiguration', inner: '' }),
  'object-lock': ofBuckets('GET PUT', 'ObjectLockConfigurationNotFoundError'),
  ownershipControls: ofBuckets(all),
  partNumber: ofObjects('GET HEAD PUT'),
  policy: ofBuckets(all, 'NoSuchBucketPolicy'),
  policyStatus: ofBuckets('GET', 'NoSuchBucketPolicy'),
  publicAccessBlock: ofBuckets(all, 'NoSuchPublicAccessBlockConfiguration'),
  renameObject: ofObjects('PUT', null),
  replication: ofBuckets(all, 'ReplicationConfigurationNotFoundError'),
  requestPayment: ofBuckets('GET PUT', { root: 'RequestPaymentConfiguration', inner: '<Payer>BucketOwner</Payer>' }),
  restore: ofObjects('POST', null),
  retention: ofObjects('GET PUT', 'InvalidRequest'),
  select: ofObjects('POST', null),
  session: ofBuckets('GET', null),
  tagging: { bucket: all, object: all },
  torrent: ofObjects('GET', null),
  uploadId: ofObjects('GET PUT POST DELETE'),
  uploads: { bucket: 'GET', object: 'POST' },
  versionId: ofObjects('GET HEAD PUT DELETE'),
  versioning: ofBuckets('GET PUT'),
  versions: ofBuckets('GET'),
  website: ofBuckets(all, 'NoSuchWebsiteConfiguration'),
} satisfies Record<string, Subresource>

export const subresourceNames = Object.keys(subresources)

/** The sub-resources that a query names. */
export const subresourcesIn = (query: URLSearchParams): string[] => subresourceNames.filter((name) => query.has(name))

/** Throws unless each sub-resource that the query names is one of that thing, by that method. */
function checkTargets({ rawQuery, request }: BaseContext, bucket: string | null, key: string | null): void {
  const method = request.method!
  for (const [name, { bucket: ofBucket, object }] of Object.entries<Subresource>(subresources)) {
    if (!rawQuery.has(name)) continue
    const methods = bucket === null ? '' : key === null ? ofBucket : object
    if (methods.split(' ').includes(method)) continue
    if (bucket !== null && key === null && !ofBucket) throw fault('InvalidRequest', 'A key must be specified')
    throw fault('MethodNotAllowed', undefined, methods ? { allow: methods.replaceAll(' ', ', ') } : {})
  }
  const ofVersions = ['acl', 'tagging', 'legal-hold', 'retention'].some((name) => rawQuery.has(name))
  if (method === 'PUT' && rawQuery.has('versionId') && !ofVersions) throw fault('InvalidArgument', 'A PUT names no version.')
  if (method === 'PUT' && rawQuery.has('partNumber') && !rawQuery.has('uploadId'))
    throw fault('InvalidArgument', 'partNumber needs an uploadId.')
}

/**
 * Null where the query names nothing but what is built; else the answer about a thing that no bucket has: there is none, and none can be
 * set. Throws InvalidRequest and MethodNotAllowed for what the bucket or object has not by that method.
 */
export async function withoutIt(context: BaseContext, signed: Signed, bucket: string | null, key: string | null): Promise<Reply | null> {
  checkTargets(context, bucket, key)
  const { method } = context.request
  const found = Object.entries<Subresource>(subresources).find(([name, { without }]) => without !== undefined && context.rawQuery.has(name))
  if (!found || bucket === null) return null
  const [name, { without }] = found
  if (without === 'InvalidRequest') {
    await objectOf(context, signed, bucket, key!)
    throw fault(without, 'The bucket has no object lock.')
  }
  if (!without || (method !== 'GET' && method !== 'DELETE')) throw fault('NotImplemented', `The subresource ${name} is not built.`)
  await bucketOf(context, signed, bucket, method === 'DELETE' ? 'own' : 'list')
  if (method === 'DELETE') return reply({})
  if (typeof without === 'string') throw fault(without)
  return xmlReply(without.root, without.inner)
}
