// The parameters that S3 reads.
import { Type } from 'typebox'
import { parameters } from '../queries.ts'
import { overridableHeaders } from './objects.ts'
import { subresourceNames } from './subresources.ts'

/** A signature in the query, of version 4 or 2. */
const signature = parameters(
  ...['Algorithm', 'Credential', 'Date', 'Expires', 'Signature', 'SignedHeaders'].map((name) => `X-Amz-${name}`),
  ...['AWSAccessKeyId', 'Signature', 'Expires'],
)
/** Each request is looked through for what it means beside the bucket or object itself. */
const ofS3 = { ...signature, ...parameters(...subresourceNames) }
const inPages = parameters('prefix', 'delimiter', 'encoding-type')

export const S3Buckets = Type.Object({ ...ofS3, ...parameters('prefix', 'max-buckets', 'continuation-token') })
export const S3Request = Type.Object(ofS3)
/** Objects in either version, versions, or uploads. */
export const S3Listing = Type.Object({
  ...ofS3,
  ...inPages,
  ...parameters('list-type', 'max-keys', 'marker', 'continuation-token', 'start-after', 'fetch-owner', 'allow-unordered'),
  ...parameters('key-marker', 'version-id-marker', 'upload-id-marker', 'max-uploads'),
})
/** An object, or the parts of an upload. */
export const S3Object = Type.Object({
  ...ofS3,
  ...parameters('encoding-type', 'max-parts', 'part-number-marker'),
  ...parameters(...overridableHeaders.map((name) => `response-${name}`)),
})
