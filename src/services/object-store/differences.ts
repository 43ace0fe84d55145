// Where our operations differ from the official description of the object store, and why. It leaves out much of what Swift has, and what
// it documents elsewhere.
import type { Difference } from '../../testing/official.ts'

const objects = '* /v1/{account}/{container}/{object}'

export const differences: readonly Difference[] = [
  {
    operations: objects,
    part: 'query',
    more: ['inline', 'temp_url_ip_range', 'temp_url_prefix'],
    reason: 'temporary URLs as Swift has them: for addresses of a network, for a prefix, and to be shown instead of saved',
  },
  {
    operations: 'DELETE /v1/{account}/{container}/{object}',
    part: 'query',
    more: ['filename', 'temp_url_expires', 'temp_url_sig'],
    reason: 'a temporary URL may be one to delete',
  },
  { operations: objects, part: 'query', more: ['version-id'], reason: 'versions of objects (versions-enabled)' },
  {
    operations: ['DELETE /v1/{account}/{container}/{object}', 'PUT /v1/{account}/{container}/{object}'],
    part: 'query',
    more: ['bulk-delete', 'extract-archive'],
    reason: 'Swift takes them at any path',
  },
  { operations: 'PUT /v1/{account}/{container}/{object}', part: 'query', more: ['heartbeat'], reason: 'of manifests, as Swift has it' },
  {
    operations: 'POST /v1/{account}/{container}/{object}',
    part: 'query',
    missing: ['symlink'],
    reason: 'Swift reads it where an object is read or copied; a POST to a link is always sent on to its target',
  },
  {
    operations: 'GET /v1/{account}/{container}/{object}',
    part: 'query',
    more: ['format', 'part-number'],
    reason: 'manifests in the form in which they may be put again, and one part of a large object, as Swift has them',
  },
  {
    operations: 'GET /v1/{account}*',
    part: 'query',
    more: ['path'],
    reason: 'pseudo folders by the older parameter, which Swift still has',
  },
  {
    operations: 'GET /v1/{account}/{container}',
    part: 'query',
    more: ['version_marker', 'versions'],
    reason: 'versions of objects (versions-enabled)',
  },
  {
    operations: 'GET /v1/{account}/{container}',
    part: 'query',
    more: ['multipart-manifest', 'part-number', 'symlink'],
    reason: 'a site answers with its index, which is read as any object is',
  },
  { operations: 'GET /v1/{account}*', part: 'answer', more: ['[].subdir'], reason: 'names rolled up to the delimiter' },
  {
    operations: 'GET /v1/{account}/{container}',
    part: 'answer',
    more: ['[].is_latest', '[].version_id', '[].version_symlink'],
    reason: 'versions of objects (versions-enabled)',
  },
  {
    operations: 'GET /v1/{account}/{container}',
    part: 'answer',
    more: ['[].slo_etag', '[].symlink_bytes', '[].symlink_etag'],
    reason: 'of large objects and links, as Swift tells them',
  },
]
