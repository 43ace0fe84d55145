// S3's canned access lists on buckets, as the container's lists have them. Objects have none of their own.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import type { Element } from '../../../s3-client/xml.ts'
import { findContainer, lockContainer, setContainerMetadata } from '../containers/store.ts'
import { header } from '../headers.ts'
import type { Container, Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { isOwner, owner, tag, xmlReply } from './answers.ts'
import { smallBody } from './body.ts'
import { bucketOf, segmentsSuffix } from './buckets.ts'
import { fault } from './faults.ts'
import { existing, scopeOf } from './objects.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

const groups = {
  'public-read': { uri: 'http://acs.amazonaws.com/groups/global/AllUsers', list: '.r:*,.rlistings' },
  'authenticated-read': { uri: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers', list: '*:*' },
} as const
type Canned = 'private' | keyof typeof groups
/** Canned names that cannot be said with the container's lists. */
const unbuilt = ['public-read-write', 'aws-exec-read', 'bucket-owner-read', 'bucket-owner-full-control', 'log-delivery-write']

/** The container's lists for a canned name. Throws NotImplemented for those that cannot be said with them, InvalidArgument for what is no such name. */
function listsFor(canned: string): Headers {
  if (canned === 'private') return {}
  if (unbuilt.includes(canned)) throw fault('NotImplemented', `The access list ${canned} is not built.`)
  if (!Object.hasOwn(groups, canned)) throw fault('InvalidArgument', 'There is no such canned access list.')
  return { 'x-container-read': groups[canned as keyof typeof groups].list }
}

/** The canned name that says what the XML grants. Throws NotImplemented for what none of them says. */
function cannedOf(root: Element, container: Container): Canned {
  const list = root.children.find(({ name }) => name === 'AccessControlList')
  if (root.name !== 'AccessControlPolicy' || !list) throw fault('MalformedACLError')
  let canned: Canned = 'private'
  for (const grant of list.children) {
    const grantee = grant.children.find(({ name }) => name === 'Grantee')
    const permission = childText(grant, 'Permission')
    if (grant.name !== 'Grant' || !grantee || !permission) throw fault('MalformedACLError')
    const uri = childText(grantee, 'URI')
    // The owner may do everything in any case.
    if (uri === undefined && permission === 'FULL_CONTROL' && isOwner(container, childText(grantee, 'ID') ?? '')) continue
    const found = Object.entries(groups).find((entry) => entry[1].uri === uri)
    if (!found || permission !== 'READ' || canned !== 'private') throw fault('NotImplemented', 'These grants are not built.')
    canned = found[0] as Canned
  }
  return canned
}

function withoutLists(metadata: Headers): Headers {
  const { 'x-container-read': _read, 'x-container-write': _write, ...rest } = metadata
  return rest
}

/** The lists among what is kept of a bucket, as a canned name gives them. */
export const listsOf = (metadata: Headers): Headers =>
  Object.fromEntries(Object.entries(metadata).filter(([name]) => name === 'x-container-read' || name === 'x-container-write'))

/** Lists of a new bucket, from its headers. */
export function listsOfNew(context: BaseContext): Headers {
  refuseGrants(context)
  return listsFor(header(context.headers, 'x-amz-acl') ?? 'private')
}

function refuseGrants({ headers }: BaseContext): void {
  if (Object.keys(headers).some((name) => name.startsWith('x-amz-grant-')))
    throw fault('NotImplemented', 'Grants in headers are not built.')
}

/** PUT ?acl of a bucket: a canned name in a header, or grants in XML that one of them says. Parts of uploads follow their bucket. */
export async function putBucketAcl(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const row = await bucketOf(context, signed, bucket, 'own')
  refuseGrants(context)
  const body = await smallBody(context, signed, 65_536)
  const lists = listsFor(header(context.headers, 'x-amz-acl') ?? cannedOf(await parseXml(body), row))
  const { cloud } = context
  await cloud.database.write(async (tx) => {
    const segments = await findContainer(tx.db, row.account, bucket + segmentsSuffix)
    for (const id of segments ? [row.id, segments.id] : [row.id]) {
      const now = await lockContainer(tx, cloud, id)
      await setContainerMetadata(tx.db, id, { ...withoutLists(now.metadata), ...lists }, nextTimestamp(cloud.environment.clock))
    }
  })
  return reply({ status: 200 })
}

/** An object follows its bucket: asking for just that is no change, all else is not built. */
export function checkObjectAcl(context: BaseContext, container: Container): void {
  refuseGrants(context)
  const asked = header(context.headers, 'x-amz-acl')
  if (asked === undefined || asked === 'bucket-owner-full-control' || asked === 'bucket-owner-read') return
  if ((listsFor(asked)['x-container-read'] ?? '') !== (container.metadata['x-container-read'] ?? ''))
    throw fault('NotImplemented', 'Objects have no access list of their own: set the one of the bucket.')
}

/** PUT ?acl of an object: what its bucket says already, or not built. */
export async function putObjectAcl(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  await existing(context, scope, context.rawQuery.get('versionId'))
  const body = await smallBody(context, signed, 65_536)
  const canned = header(context.headers, 'x-amz-acl') ?? cannedOf(await parseXml(body), scope.container)
  checkObjectAcl({ ...context, headers: { ...context.headers, 'x-amz-acl': canned } }, scope.container)
  return reply({ status: 200 })
}

const grant = (grantee: string, permission: string) => `<Grant>${grantee}${tag('Permission', permission)}</Grant>`
const schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

/** What the lists of the container say, as grants: the owner's, and those of everybody. */
export function showAcl(container: Container): Reply {
  const whose = owner(container)
  const own = whose.replace('<Owner>', `<Grantee ${schema} xsi:type="CanonicalUser">`).replace('</Owner>', '</Grantee>')
  const entries = (container.metadata['x-container-read'] ?? '').split(',')
  const open: string[] = []
  for (const { uri, list } of Object.values(groups))
    if (list.split(',').every((entry) => entries.includes(entry)))
      open.push(grant(`<Grantee ${schema} xsi:type="Group">${tag('URI', uri)}</Grantee>`, 'READ'))
  const grants = open.join('') + grant(own, 'FULL_CONTROL')
  return xmlReply('AccessControlPolicy', `${whose}<AccessControlList>${grants}</AccessControlList>`)
}
