// The bucket or object that a request names, for those who may: by their project, by the container's own lists, or by S3's grants.

import type { BaseContext } from '../../../api/operation.ts'
import type { Named, Who } from '../../../auth/who.ts'
import { type Access, accountPrefix, allowedByLists, authorize, denied, type Need, ownAccess } from '../access/authorize.ts'
import { sharedSince, signsOfSharing } from '../access/shared.ts'
import { containersNamed, containersNamedWith, findContainer } from '../containers/store.ts'
import { header } from '../headers.ts'
import { limits } from '../limits.ts'
import { listVersions } from '../listing/versions.ts'
import { followLink } from '../objects/links.ts'
import type { Scope } from '../objects/scope.ts'
import { expired, findObject, liveObject, type StoredObject } from '../objects/store.ts'
import { findVersion, versionName } from '../objects/versions.ts'
import type { Container } from '../tables.ts'
import { bucketGrants, hasGrants, objectList, opens } from './access-lists.ts'
import { isOwner, madeByS3, ownerOf } from './answers.ts'
import { fault } from './faults.ts'
import type { Grant, Permission } from './grants.ts'
import { segmentsSuffix } from './parts.ts'
import type { Signed } from './signature.ts'

/** The account of the project that signed. Throws AccessDenied where nobody did. */
export function ownAccount({ who }: Signed): string {
  if (!who?.project) throw fault('AccessDenied')
  return accountPrefix + who.project.id
}

const stranger: Access = { owner: false, reseller: false }

/** What lets the asker do it to all of a bucket, and as whom; null for nothing. */
interface Opening {
  by: 'account' | 'lists' | 'grants'
  access: Access
}

/** What S3 must have granted for what Swift's lists have no name for, or call otherwise. */
const grantedAs: Partial<Record<Need, Permission>> = { list: 'READ', write: 'WRITE' }

const isRead = (need: Need) => need === 'read' || need === 'list' || need === 'own-read'

function openingOf(context: BaseContext, container: Container, need: Need, permission: Permission | undefined): Opening | null {
  const own = ownAccess(context, container.account, isRead(need))
  if (own) return { by: 'account', access: own }
  if (allowedByLists(context, container.account, need, container.metadata)) return { by: 'lists', access: stranger }
  const granted = permission !== undefined && opens(container, bucketGrants(container), context.who as Who | null, permission)
  return granted ? { by: 'grants', access: stranger } : null
}

/** Throws AccessDenied where, by the bucket and its grants or those of an object in it, the asker may not set who may: asked again when they are locked. */
export function checkMayOpen(context: BaseContext, container: Container, grants: Grant[]): void {
  const may = openingOf(context, container, 'own', undefined) || opens(container, grants, context.who as Who | null, 'WRITE_ACP')
  if (!may) throw fault('AccessDenied')
}

/** Throws AccessDenied where a condition on what is there, or is not, would tell somebody of it who may neither read nor list it. */
export function checkMayKnow(context: BaseContext, container: Container, row: StoredObject | undefined): void {
  const may = row
    ? openingOf(context, container, 'read', undefined) ||
      opens(container, objectList(container, row).grants, context.who as Who | null, 'READ')
    : openingOf(context, container, 'list', 'READ')
  if (!may) throw fault('AccessDenied')
}

/** Of buckets beyond the own project those are known to exist which S3 made or opened, or which let their objects be listed. */
const isKnown = (context: BaseContext, container: Container): boolean =>
  container.metadata[madeByS3] !== undefined || hasGrants(container) || openingOf(context, container, 'list', undefined) !== null

/** Where the bucket of a name is looked for, and what else of that name may be known. */
interface Candidates {
  own: Container | undefined
  meant: Container[]
  others: Container[]
}

/**
 * Each project may have a bucket of any name. Meant is that of the owner whom the request expects; else that of the own project; else of
 * all others the one that was opened first, to whomever and to whatever end: so nobody answers for it by a bucket of the same name.
 */
async function candidatesFor(context: BaseContext, signed: Signed, name: string): Promise<Candidates> {
  const { read } = context.cloud.database
  const own = signed.who?.project ? await findContainer(read, ownAccount(signed), name) : undefined
  const expected = header(context.headers, 'x-amz-expected-bucket-owner')
  if (own && (expected === undefined || isOwner(own, expected))) return { own, meant: [own], others: [] }
  // Parts of uploads are no matter of others.
  if (name.endsWith(segmentsSuffix)) return { own, meant: [], others: [] }
  if (expected !== undefined) {
    const others = await containersNamed(read, name)
    const ofProject = /^[\w.-]{1,64}$/.test(expected) ? await findContainer(read, accountPrefix + expected, name) : undefined
    const meant = ofProject ?? others.find((container) => isOwner(container, expected))
    return { own, meant: meant ? [meant] : [], others }
  }
  const [first] = (await containersNamedWith(read, name, signsOfSharing))
    .flatMap((container) => {
      const since = sharedSince(container)
      return since === null ? [] : [{ container, since }]
    })
    .sort((a, b) => a.since - b.since)
  const others = first ? [first.container] : await containersNamed(read, name)
  return { own, meant: others, others }
}

/**
 * The bucket that a name means, if `look` finds there what the request is about. Throws AccessDenied where it finds nothing, NoSuchBucket
 * where no such bucket is known.
 */
async function chosen<T>(
  context: BaseContext,
  signed: Signed,
  name: string,
  need: Need,
  look: (container: Container) => T | null | Promise<T | null>,
): Promise<{ container: Container; found: T }> {
  const { own, meant, others } = await candidatesFor(context, signed, name)
  for (const container of meant) {
    const found = await look(container)
    if (found !== null) return { container, found }
  }
  const known = own ?? [...meant, ...others].find((container) => isKnown(context, container))
  if (known) throw denied(context, known.account)
  // Who may not even read in his own project learns nothing about it.
  if (signed.who?.project) authorize(context, ownAccount(signed), need)
  throw fault('NoSuchBucket')
}

/** The bucket of that name, for those who may; `permission` is the grant that lets others. Throws NoSuchBucket and AccessDenied. */
export async function bucketOf(
  context: BaseContext,
  signed: Signed,
  name: string,
  need: Need = 'list',
  permission: Permission | undefined = grantedAs[need],
): Promise<Container> {
  return (await chosen(context, signed, name, need, (container) => openingOf(context, container, need, permission))).container
}

/** Throws KeyTooLongError. */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > limits.max_object_name_length) throw fault('KeyTooLongError')
}

/** A place to write to. */
export interface WriteScope extends Scope {
  /** Whose the new object is: somebody else's than the bucket's where a grant lets him write. */
  owner: Named
  /** Whether the asker may say who else may read what he writes: not where a list of the container lets him write, which does not give that. */
  opens: boolean
  /** What lets him write: older versions are removed by the account alone, and tags are changed by no grant. */
  by: Opening['by']
}

/** The place that bucket and key name, for those who may write there. What Swift lets in besides (temporary URLs, synchronisation) is no matter of S3. */
export async function scopeOf(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<WriteScope> {
  checkKey(key)
  const { container, found } = await chosen(context, signed, bucket, 'write', (one) => openingOf(context, one, 'write', 'WRITE'))
  const user = signed.who?.user
  const owner = found.by === 'grants' && user ? { id: user.id, name: user.name } : ownerOf(container)
  return {
    place: { account: container.account, container: bucket, object: key },
    container,
    access: found.access,
    temp: null,
    owner,
    opens: found.by === 'account' || (found.by === 'grants' && user !== undefined),
    by: found.by,
  }
}

export const isVersionId = (text: string) => /^(null|\d{1,10}\.\d{5})$/.test(text)

/** True where versions are kept or once were: then answers name them. */
export const hasVersions = ({ container }: Pick<Scope, 'container'>) => container.metadata['x-versions-enabled'] !== undefined

const marked = (id: string) => ({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionName(id) })
const anyVersion = { delimiter: '', marker: '', versionMarker: null, limit: 1 }

/** What is there of that name: an object, a version, or a mark of removal where a version was asked for. */
async function foundIn(
  { cloud }: BaseContext,
  container: Container,
  key: string,
  version: string | null,
): Promise<StoredObject | undefined> {
  const { read } = cloud.database
  if (version === null) return liveObject(cloud, read, container.id, key)
  const row = await findVersion(read, container.id, key, version)
  return row && expired(cloud, row) ? undefined : row
}

/** Lists of a container open what is present in it and, as by Swift, no older version. */
async function isPresent({ cloud }: BaseContext, { container_id, name, version_id }: StoredObject): Promise<boolean> {
  return (await findObject(cloud.database.read, container_id, name))?.version_id === version_id
}

/** Why there is no such object: NoSuchKey and its like, telling of marks of removal. */
async function missing(context: BaseContext, { container, place }: Scope, version: string | null, row: StoredObject | undefined) {
  if (row) return fault('MethodNotAllowed', undefined, { ...marked(row.version_id), allow: 'DELETE' })
  if (version !== null) return fault('NoSuchVersion')
  const [newest] = hasVersions({ container })
    ? await listVersions(context.cloud.database.read, container.id, {
        ...anyVersion,
        prefix: place.object,
        endMarker: `${place.object}\u0001`,
      })
    : []
  const gone = newest && 'kind' in newest && newest.kind === 'marker' ? marked(newest.version_id) : { 'x-amz-delete-marker': 'false' }
  return fault('NoSuchKey', undefined, gone)
}

const needOf = { READ: 'read', READ_ACP: 'own-read', WRITE_ACP: 'own' } as const

export interface Found {
  scope: Scope
  row: StoredObject
  /** Whether the asker may see its tags, which no grant opens. */
  tags: boolean
}

/**
 * The object, or that version of it, for those who may; null as `permission` asks for reading what no grant opens. Throws NoSuchKey and
 * its like for those who may see what is there, AccessDenied for all others.
 */
export async function objectOf(
  context: BaseContext,
  signed: Signed,
  bucket: string,
  key: string,
  permission: keyof typeof needOf | null = 'READ',
  version: string | null = context.rawQuery.get('versionId'),
): Promise<Found> {
  checkKey(key)
  if (version !== null && !isVersionId(version)) throw fault('InvalidArgument', 'Invalid version id specified')
  const need = needOf[permission ?? 'READ']
  const { container, found } = await chosen(context, signed, bucket, need, async (one) => {
    const row = await foundIn(context, one, key, version)
    const there = row && row.kind !== 'marker'
    const opening = openingOf(context, one, need, undefined)
    if (opening && (opening.by === 'account' || version === null || (row && (await isPresent(context, row)))))
      return { row, access: opening.access, tags: true }
    if (there && permission && opens(one, objectList(one, row).grants, signed.who, permission))
      return { row, access: stranger, tags: false }
    return !there && openingOf(context, one, 'list', 'READ') ? { row, access: stranger, tags: false } : null
  })
  const scope = { place: { account: container.account, container: bucket, object: key }, container, access: found.access, temp: null }
  if (!found.row || found.row.kind === 'marker') throw await missing(context, scope, version, found.row)
  if (permission !== 'READ' || found.row.kind !== 'link') return { scope, row: found.row, tags: found.tags }
  // What is read of a link is what it leads to, for those whom that lets read it.
  const { row, where } = await followLink(context, scope, found.row)
  return { scope: { ...scope, container: where.container }, row, tags: true }
}
