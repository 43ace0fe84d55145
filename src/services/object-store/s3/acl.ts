// Access lists of buckets and objects: canned names and grants in headers, and ?acl with its XML.

import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import type { Named } from '../../../auth/who.ts'
import type { Db } from '../../../db/database.ts'
import type { Element } from '../../../s3-client/xml.ts'
import { isMarked, marked } from '../access/shared.ts'
import { findContainer, lockContainer, setContainerMetadata } from '../containers/store.ts'
import { header } from '../headers.ts'
import { findObject, setObject } from '../objects/store.ts'
import { findVersion, setVersion } from '../objects/versions.ts'
import type { Container, Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import {
  bucketGrants,
  isEnforced,
  isOpenAnyway,
  isPreferred,
  keptGrants,
  keptList,
  objectList,
  shownOfBucket,
  shownOfObject,
  withoutLists,
} from './access-lists.ts'
import { ownerOf, tag, xmlReply } from './answers.ts'
import { smallBody } from './body.ts'
import { fault } from './faults.ts'
import { type AccessList, canned, counted, full, type Grant, groupOf, groups, named, permissionOf, permissions } from './grants.ts'
import { segmentsSuffix } from './parts.ts'
import { bucketOf, checkMayOpen, objectOf, type WriteScope } from './scope.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

const mostText = 204_800

/** Who a member of `x-amz-grant-...` is: `id="..."` or `uri="..."`. Throws InvalidArgument, and NotImplemented for mail addresses. */
async function granteeIn(db: Db, member: string): Promise<Grant['to']> {
  const mark = member.indexOf('=')
  const value = member
    .slice(mark + 1)
    .trim()
    .replace(/^"|"$/g, '')
  switch (member.slice(0, Math.max(mark, 0)).trim().toLowerCase()) {
    case 'id':
      return named(db, value)
    case 'uri':
      return groupOf(value)
    case 'emailaddress':
      throw fault('NotImplemented', 'Grants by mail address are not built.')
  }
  throw fault('InvalidArgument', 'Argument format not recognized')
}

/** The grants that headers ask for, by a canned name or one by one; null for none. Throws InvalidRequest for both. */
async function grantsInHeaders({ cloud, headers }: BaseContext, bucketOwner: Named, owner: Named): Promise<Grant[] | null> {
  const grants: Grant[] = []
  for (const permission of [...permissions, 'FULL_CONTROL'] as const) {
    const value = header(headers, `x-amz-grant-${permission.toLowerCase().replace('_', '-')}`)
    if (value === undefined) continue
    const members = value.split(',')
    counted([...grants, ...members.map((): Grant => ({ permission, to: owner }))])
    for (const member of members) grants.push({ permission, to: await granteeIn(cloud.database.read, member) })
  }
  const name = header(headers, 'x-amz-acl')
  if (name === undefined) return grants.length ? grants : null
  if (grants.length) throw fault('InvalidRequest', 'Specifying both Canned ACLs and Header Grants is not allowed')
  return canned(name, bucketOwner, owner)
}

async function grantIn(db: Db, element: Element): Promise<Grant> {
  const grantee = element.children.find(({ name }) => name === 'Grantee')
  if (element.name !== 'Grant' || !grantee) throw fault('MalformedACLError')
  const permission = permissionOf(childText(element, 'Permission'))
  const [id, uri] = [childText(grantee, 'ID'), childText(grantee, 'URI')]
  if (childText(grantee, 'EmailAddress') !== undefined) throw fault('NotImplemented', 'Grants by mail address are not built.')
  // What names two would be taken for one by us and for the other by somebody else.
  if ((id === undefined) === (uri === undefined)) throw fault('MalformedACLError')
  return { permission, to: uri === undefined ? await named(db, id!) : groupOf(uri) }
}

/** The grants of an AccessControlPolicy for what belongs to `owner`, which the request cannot change. Throws MalformedACLError and AccessDenied. */
async function grantsInXml({ cloud }: BaseContext, text: string, owner: Named): Promise<Grant[]> {
  const root = await parseXml(text)
  const list = root.children.find(({ name }) => name === 'AccessControlList')
  if (root.name !== 'AccessControlPolicy' || !list) throw fault('MalformedACLError')
  const said = root.children.find(({ name }) => name === 'Owner')
  const id = said && childText(said, 'ID')
  if (id !== undefined && id !== owner.id) throw fault('AccessDenied')
  const grants: Grant[] = []
  for (const child of list.children) {
    counted([...grants, full(owner)])
    grants.push(await grantIn(cloud.database.read, child))
  }
  return grants
}

/** The grants that PUT ?acl asks for. Throws UnexpectedContent where headers and body do, MissingSecurityHeader where neither does. */
async function grantsAsked(context: BaseContext, signed: Signed, bucketOwner: Named, owner: Named): Promise<Grant[]> {
  const text = await smallBody(context, signed, mostText)
  const said = await grantsInHeaders(context, bucketOwner, owner)
  if (said && text) throw fault('UnexpectedContent')
  if (!said && !text) throw fault('MissingSecurityHeader', 'Your request was missing a required header: x-amz-acl')
  return said ?? grantsInXml(context, text, owner)
}

const disabled = () => fault('AccessControlListNotSupported')

/** The list of a new bucket, from its headers, as it is kept. Throws InvalidBucketAclWithObjectOwnership where its ownership leaves no room for one. */
export async function grantsOfNew(context: BaseContext, owner: Named, ownership: Headers): Promise<Headers> {
  const grants = await grantsInHeaders(context, owner, owner)
  const kept = grants ? keptGrants(owner, grants) : {}
  if (Object.values(ownership).includes('BucketOwnerEnforced') && Object.keys(kept).length)
    throw fault('InvalidBucketAclWithObjectOwnership')
  return kept
}

/**
 * The list of a new object, from its headers, as it is kept. Throws AccessControlListNotSupported where lists have no effect, and
 * AccessDenied where the asker may write and not open.
 */
export async function listOfNew(context: BaseContext, { container, owner: writer, opens }: WriteScope): Promise<Headers> {
  const bucketOwner = ownerOf(container)
  const forOwner = header(context.headers, 'x-amz-acl') === 'bucket-owner-full-control'
  const owner = isEnforced(container) || (forOwner && isPreferred(container)) ? bucketOwner : writer
  const asked = await grantsInHeaders(context, bucketOwner, owner)
  const list: AccessList = { owner, grants: asked ?? [full(owner)] }
  const kept = keptList(container, list)
  if (asked && isEnforced(container) && !(forOwner || Object.keys(kept).length === 0)) throw disabled()
  if (asked && !opens && Object.keys(kept).length) throw fault('AccessDenied')
  if (asked) checkCloses(container, list.grants)
  await noteOpened(context, container, list)
  return kept
}

/** Notes that something in the bucket is open to others than its owner, where that is new. */
async function noteOpened({ cloud, write }: BaseContext, container: Container, { owner, grants }: AccessList): Promise<void> {
  if (isMarked(container) || grants.every(({ to }) => typeof to !== 'string' && to.id === owner.id)) return
  await write(async (tx) => {
    const now = await lockContainer(tx, cloud, container.id)
    await setContainerMetadata(tx.db, now.id, marked(now.metadata, nextTimestamp(cloud.environment.clock)), now.changed_at)
  })
}

/** Who asks for less than the container's own list opens anyway is not told that he has it. */
function checkCloses(container: WriteScope['container'], grants: Grant[]): void {
  if (isOpenAnyway(container, grants))
    throw fault('NotImplemented', 'The list X-Container-Read of the container opens all objects in it: set the list of the bucket first.')
}

/** PUT ?acl of a bucket. Swift's lists of the container go: S3's grants are all that it then has. */
export async function putBucketAcl(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const row = await bucketOf(context, signed, bucket, 'own', 'WRITE_ACP')
  if (isEnforced(row)) throw disabled()
  const owner = ownerOf(row)
  const kept = keptGrants(owner, await grantsAsked(context, signed, owner, owner))
  const { cloud } = context
  await context.write(async (tx) => {
    const segments = await findContainer(tx.db, row.account, row.name + segmentsSuffix)
    for (const id of segments ? [row.id, segments.id] : [row.id]) {
      const now = await lockContainer(tx, cloud, id)
      if (id === row.id) checkMayOpen(context, now, bucketGrants(now))
      if (isEnforced(now)) throw disabled()
      const lists = id === row.id ? kept : {}
      const at = nextTimestamp(cloud.environment.clock)
      const metadata = { ...withoutLists(now.metadata), ...lists }
      await setContainerMetadata(tx.db, id, Object.keys(lists).length ? marked(metadata, at) : metadata, at)
    }
  })
  return reply({})
}

/** PUT ?acl of an object or of a version of it. Its time and ETag stay. */
export async function putObjectAcl(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const version = context.rawQuery.get('versionId')
  const { scope, row } = await objectOf(context, signed, bucket, key, 'WRITE_ACP', version)
  const { container } = scope
  if (isEnforced(container)) throw disabled()
  const { owner } = objectList(container, row)
  const grants = await grantsAsked(context, signed, ownerOf(container), owner)
  checkCloses(container, grants)
  const kept = keptList(container, { owner, grants })
  await noteOpened(context, container, { owner, grants })
  const { cloud } = context
  await context.write(async (tx) => {
    const locked = await lockContainer(tx, cloud, container.id)
    const now = version === null ? await findObject(tx.db, container.id, key) : await findVersion(tx.db, container.id, key, version)
    // What has come in the meantime belongs to whoever has put it there.
    if (now?.made_at !== row.made_at || now.version_id !== row.version_id) throw fault('OperationAborted')
    checkMayOpen(context, locked, objectList(locked, now).grants)
    if (isEnforced(locked)) throw disabled()
    const metadata = { ...withoutLists(now.metadata), ...kept }
    const present = await findObject(tx.db, container.id, key)
    if (present?.version_id === now.version_id) await setObject(tx.db, container.id, key, { metadata })
    else await setVersion(tx.db, now, metadata)
  })
  return reply({})
}

const schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const person = ({ id, name }: Named) => tag('ID', id) + tag('DisplayName', name)

function shownGrant({ permission, to }: Grant): string {
  const [type, inner] = typeof to === 'string' ? ['Group', tag('URI', groups[to])] : ['CanonicalUser', person(to)]
  return `<Grant><Grantee ${schema} xsi:type="${type}">${inner}</Grantee>${tag('Permission', permission)}</Grant>`
}

const shown = ({ owner, grants }: AccessList): Reply =>
  xmlReply(
    'AccessControlPolicy',
    `<Owner>${person(owner)}</Owner><AccessControlList>${grants.map(shownGrant).join('')}</AccessControlList>`,
  )

/** GET ?acl of a bucket. */
export const showBucketAcl = async (context: BaseContext, signed: Signed, bucket: string): Promise<Reply> =>
  shown(shownOfBucket(await bucketOf(context, signed, bucket, 'own-read', 'READ_ACP')))

/** GET ?acl of an object or of a version of it. */
export async function showObjectAcl(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const { scope, row } = await objectOf(context, signed, bucket, key, 'READ_ACP')
  return shown(shownOfObject(scope.container, row))
}
