// Buckets are containers: making, removing and what is set of them.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { type Db, isUniqueViolation } from '../../../db/database.ts'
import { authorize } from '../access/authorize.ts'
import { marked } from '../access/shared.ts'
import { dropContainer, putContainer } from '../containers/change.ts'
import { findContainer, lockContainer, setContainerMetadata } from '../containers/store.ts'
import { type ListedObject, objectsIn } from '../listing/store.ts'
import type { Container } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { hasSameLists } from './access-lists.ts'
import { grantsOfNew } from './acl.ts'
import { madeByS3, tag, xmlReply } from './answers.ts'
import { smallBody } from './body.ts'
import { fault } from './faults.ts'
import { ownershipOfNew } from './ownership.ts'
import { removeParts, segmentsSuffix } from './parts.ts'
import { bucketOf, ownAccount } from './scope.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml, xmlBody } from './xml.ts'

const locationName = 'x-container-sysmeta-s3-location'

const isBucketName = (name: string) =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !/\.\.|\.-|-\./.test(name) && !/^\d{1,3}(\.\d{1,3}){3}$/.test(name)

/** The region that the body of CreateBucket names; '' for none. Throws InvalidLocationConstraint for one that is not here. */
async function locationOf(context: BaseContext, body: string): Promise<string> {
  const { region } = context.cloud.config
  const root = body ? await parseXml(body) : null
  // Tags of a new bucket, say, or a kind of bucket.
  const more = root?.children.find(({ name }) => name !== 'LocationConstraint')
  if (more) throw fault('NotImplemented', `${more.name} is not built.`)
  const asked = (root && childText(root, 'LocationConstraint')) ?? ''
  if (asked === '' || asked === 'us-east-1') return ''
  if (asked.toLowerCase() !== region.toLowerCase()) throw fault('InvalidLocationConstraint')
  return region
}

/** PUT of a bucket. The same again changes nothing and is no fault, as in Amazon's first region. */
export async function createBucket(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const account = ownAccount(signed)
  authorize(context, account, 'own')
  const location = await locationOf(context, await smallBody(context, signed, 65_536))
  if (!isBucketName(name)) throw fault('InvalidBucketName')
  const { user } = signed.who!
  const ownership = ownershipOfNew(context)
  const grants = await grantsOfNew(context, { id: user.id, name: user.name }, ownership)
  const settings = { ...ownership, ...grants }
  const put = () =>
    context.write(async (tx) => {
      const known = await findContainer(tx.db, account, name)
      if (known) {
        // Somebody's own settings must not be changed by a second try to make it.
        if (!hasSameLists(known, settings)) throw fault('BucketAlreadyExists')
        return
      }
      await putContainer({ ...context, headers: {}, tx, db: tx.db }, account, name)
      const made = (await findContainer(tx.db, account, name))!
      const ours = { ...settings, [madeByS3]: `${user.id} ${user.name}`, ...(location && { [locationName]: location }) }
      const metadata = { ...made.metadata, ...ours }
      await setContainerMetadata(tx.db, made.id, Object.keys(grants).length ? marked(metadata, made.made_at) : metadata, made.changed_at)
    })
  await put().catch((error) => {
    // Somebody else made it at the same time.
    if (isUniqueViolation(error)) return put()
    throw error
  })
  return reply({ headers: { location: `/${name}` } })
}

export const showLocation = (row: Container): Reply => xmlReply('LocationConstraint', row.metadata[locationName] ?? '')
export const regionOf = (row: Container): string => row.metadata[locationName] ?? 'us-east-1'

export async function deleteBucket(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const { account } = await bucketOf(context, signed, name, 'own')
  await context.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name))
  await dropUploads(context, account, name)
  return reply({})
}

/** With an empty bucket go the uploads that were begun in it, unless somebody has made it again: what is there may be of that one. */
async function dropUploads(context: BaseContext, account: string, bucket: string): Promise<void> {
  const { database } = context.cloud
  const name = bucket + segmentsSuffix
  const segments = await findContainer(database.read, account, name)
  if (!segments) return
  const checkGone = async (db: Db) => {
    if (await findContainer(db, account, bucket)) throw fault('BucketAlreadyExists')
  }
  try {
    for (let from: string | null = null; ; ) {
      const rows: ListedObject[] = await objectsIn(database.read, segments.id, { from, after: true, to: null, limit: 1000, reverse: false })
      const names = rows.flatMap((row) => (/\/[0-9a-f]{32}(\/\d{5})?$/.test(row.name) ? [row.name] : []))
      await removeParts(context, { account, name: bucket }, names, checkGone)
      if (rows.length < 1000) break
      from = rows.at(-1)!.name
    }
    await database.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name))
  } catch (error) {
    // Somebody keeps things of his own there.
    if (!(error instanceof Fault)) throw error
  }
}

export async function setVersioning(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const row = await bucketOf(context, signed, name, 'own')
  const root = await xmlBody(context, signed)
  const status = childText(root, 'Status')
  if (childText(root, 'MfaDelete') === 'Enabled') throw fault('NotImplemented', 'Removal by several factors is not built.')
  if (status !== 'Enabled' && status !== 'Suspended') throw fault('MalformedXML')
  const { cloud } = context
  await context.write(async (tx) => {
    const now = await lockContainer(tx, cloud, row.id)
    const metadata = { ...now.metadata, 'x-versions-enabled': status === 'Enabled' ? 'True' : 'False' }
    await setContainerMetadata(tx.db, row.id, metadata, nextTimestamp(cloud.environment.clock))
  })
  return reply({})
}

export function showVersioning({ metadata }: Container): Reply {
  const enabled = metadata['x-versions-enabled']
  return xmlReply('VersioningConfiguration', enabled ? tag('Status', enabled === 'True' ? 'Enabled' : 'Suspended') : '')
}
