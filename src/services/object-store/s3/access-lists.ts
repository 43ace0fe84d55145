// Where access lists are kept: beside the metadata of buckets and objects, where users of Swift neither see nor set them.
import type { Named, Who } from '../../../auth/who.ts'
import { parseAcl } from '../access/acl.ts'
import { isArchived } from '../objects/archive.ts'
import type { Container, Headers, ObjectRow } from '../tables.ts'
import { isOwner, ownerOf } from './answers.ts'
import { type AccessList, full, type Grant, inOrder, isGranted, type Permission } from './grants.ts'

const bucketName = 'x-container-sysmeta-s3-acl'
const objectName = 'x-object-sysmeta-s3-acl'

/** Where a bucket keeps who owns what others put into it. */
export const ownershipName = 'x-container-sysmeta-s3-ownership'

/** All belongs to the bucket's owner, and access lists grant nothing. */
export const isEnforced = ({ metadata }: Container): boolean => metadata[ownershipName] === 'BucketOwnerEnforced'

/** What comes with `bucket-owner-full-control` belongs to the bucket's owner. */
export const isPreferred = ({ metadata }: Container): boolean => metadata[ownershipName] === 'BucketOwnerPreferred'

/** What nobody has set: the owner alone may do everything. */
const isDefault = (grants: Grant[], owner: Named): boolean => JSON.stringify(grants) === JSON.stringify([full(owner)])

const only = (name: string, kept: unknown): Headers => ({ [name]: JSON.stringify(kept) })

/** The grants of a bucket as they are kept; nothing for the owner's alone. */
export const keptGrants = (owner: Named, grants: Grant[]): Headers => (isDefault(grants, owner) ? {} : only(bucketName, grants))

/** The list of an object as it is kept; nothing where it belongs to the bucket's owner alone. */
export const keptList = (container: Container, { owner, grants }: AccessList): Headers =>
  owner.id === ownerOf(container).id && isDefault(grants, owner) ? {} : only(objectName, { owner, grants })

/** Metadata without access lists: neither S3's nor, of a container, its own. */
export function withoutLists(metadata: Headers): Headers {
  const { [bucketName]: _grants, [objectName]: _list, 'x-container-read': _read, 'x-container-write': _write, ...rest } = metadata
  return rest
}

/** Set by S3: such buckets are known to exist beyond their project. */
export const hasGrants = ({ metadata }: Container): boolean => metadata[bucketName] !== undefined

/** What a bucket grants; nothing where its owner alone decides. */
export const bucketGrants = (container: Container): Grant[] =>
  isEnforced(container) ? [] : JSON.parse(container.metadata[bucketName] ?? '[]')

type Row = Pick<ObjectRow, 'metadata'>

/** The list of an object. One that was put away in another container grants nothing there. */
export function objectList(container: Container, { metadata }: Row): AccessList {
  const owner = ownerOf(container)
  if (isEnforced(container) || isArchived({ metadata }) || metadata[objectName] === undefined) return { owner, grants: [full(owner)] }
  return JSON.parse(metadata[objectName])
}

/**
 * Whether grants on a bucket or on something in it give that to somebody. What they give its owner they do not: he may by his roles in the
 * project of the bucket, or no more, be it that he has left it.
 */
export const opens = (container: Container, grants: Grant[], who: Who | null, permission: Permission): boolean =>
  isGranted(
    grants.filter(({ to }) => typeof to === 'string' || !isOwner(container, to.id)),
    who,
    permission,
  )

/** What the container's own list for reading says of everybody, as grants: of its objects, or of itself, which takes more. */
function opened({ metadata }: Container, of: 'bucket' | 'object'): Grant[] {
  const acl = parseAcl(metadata['x-container-read'])
  const grants: Grant[] = []
  if (acl.referrers.includes('*') && (of === 'object' || acl.listings)) grants.push({ permission: 'READ', to: 'AllUsers' })
  if (acl.entries.includes('*:*')) grants.push({ permission: 'READ', to: 'AuthenticatedUsers' })
  return grants
}

const unique = (grants: Grant[]): Grant[] => [...new Map(grants.map((grant) => [JSON.stringify(grant), grant])).values()]

/** A bucket's list as it is shown: with what the container's own lists open. */
export function shownOfBucket(container: Container): AccessList {
  const owner = ownerOf(container)
  const grants = isEnforced(container) || !hasGrants(container) ? [full(owner)] : bucketGrants(container)
  return { owner, grants: unique(inOrder([...opened(container, 'bucket'), ...grants])) }
}

/** An object's list as it is shown: with what the container's own lists open. */
export function shownOfObject(container: Container, row: Row): AccessList {
  const { owner, grants } = objectList(container, row)
  return { owner, grants: unique(inOrder([...opened(container, 'object'), ...grants])) }
}

/** True when a list of the container itself opens what these grants do not: they would close nothing. */
export const isOpenAnyway = (container: Container, grants: Grant[]): boolean =>
  opened(container, 'object').some(({ to }) => !grants.some((grant) => grant.to === to || grant.to === 'AllUsers'))

/** Whether a bucket is opened, and owned, just as a request to make it asks. */
export const hasSameLists = (container: Container, asked: Headers): boolean =>
  [bucketName, ownershipName, 'x-container-read', 'x-container-write'].every(
    (name) => (container.metadata[name] || '') === (asked[name] ?? ''),
  )
