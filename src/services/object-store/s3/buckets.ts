// Buckets are containers. A name means the bucket of one's own project; where that has none, the one of another project that S3 made.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { isUniqueViolation } from '../../../db/database.ts'
import { accountPrefix, allowedByLists, authorize, type Need } from '../access/authorize.ts'
import { removeNames } from '../bulk/delete.ts'
import { dropContainer, putContainer } from '../containers/change.ts'
import { containersNamed, findContainer, lockContainer, setContainerMetadata } from '../containers/store.ts'
import { header } from '../headers.ts'
import { type ListedObject, objectsIn } from '../listing/store.ts'
import type { Container } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { listsOf, listsOfNew } from './acl.ts'
import { isOwner, madeByS3, tag, xmlReply } from './answers.ts'
import { smallBody } from './body.ts'
import { fault } from './faults.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml, xmlBody } from './xml.ts'

/** Where the parts of multipart uploads are kept; users of Swift see it, users of S3 do not. */
export const segmentsSuffix = '+segments'
const locationName = 'x-container-sysmeta-s3-location'

/** The account of the project that signed. Throws AccessDenied where nobody did. */
export function ownAccount({ who }: Signed): string {
  if (!who?.project) throw fault('AccessDenied')
  return accountPrefix + who.project.id
}

/** The bucket of that name, for those who may; throws NoSuchBucket and AccessDenied. */
export async function bucketOf(context: BaseContext, signed: Signed, name: string, need: Need = 'list'): Promise<Container> {
  const { read } = context.cloud.database
  const own = signed.who?.project ? await findContainer(read, ownAccount(signed), name) : undefined
  const row = own ?? (await foreignBucket(context, name, need))
  if (!row) {
    // Who may not even read in his own project learns nothing about it.
    if (signed.who?.project) authorize(context, ownAccount(signed), need)
    throw fault('NoSuchBucket')
  }
  authorize(context, row.account, need, row.metadata)
  const expected = header(context.headers, 'x-amz-expected-bucket-owner')
  if (expected !== undefined && !isOwner(row, expected)) throw fault('AccessDenied')
  return row
}

/** A bucket of another project: one that lets the asker do it, else the oldest; what Swift made and nobody opened is not known to exist. */
async function foreignBucket(context: BaseContext, name: string, need: Need): Promise<Container | undefined> {
  const known = (await containersNamed(context.cloud.database.read, name)).filter(
    (row) => row.metadata[madeByS3] !== undefined || allowedByLists(context, row.account, need, row.metadata),
  )
  return known.find((row) => allowedByLists(context, row.account, need, row.metadata)) ?? known[0]
}

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
  const headers = listsOfNew(context)
  const put = () =>
    context.cloud.database.write(async (tx) => {
      const known = await findContainer(tx.db, account, name)
      if (known) {
        // Somebody's own settings must not be changed by a second try to make it.
        if (JSON.stringify(listsOf(known.metadata)) !== JSON.stringify(headers)) throw fault('BucketAlreadyExists')
        return
      }
      await putContainer({ ...context, headers, tx, db: tx.db }, account, name)
      const made = (await findContainer(tx.db, account, name))!
      const { user } = signed.who!
      const ours = { [madeByS3]: `${user.id} ${user.name}`, ...(location && { [locationName]: location }) }
      await setContainerMetadata(tx.db, made.id, { ...made.metadata, ...ours }, made.changed_at)
    })
  await put().catch((error) => {
    // Somebody else made it at the same time.
    if (isUniqueViolation(error)) return put()
    throw error
  })
  return reply({ status: 200, headers: { location: `/${name}` } })
}

export const showLocation = (row: Container): Reply => xmlReply('LocationConstraint', row.metadata[locationName] ?? '')
export const regionOf = (row: Container): string => row.metadata[locationName] ?? 'us-east-1'

export async function deleteBucket(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const { account } = await bucketOf(context, signed, name, 'own')
  await context.cloud.database.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name))
  await dropUploads(context, account, name + segmentsSuffix)
  return reply({ status: 204 })
}

/** With an empty bucket go the uploads that were begun in it. */
async function dropUploads(context: BaseContext, account: string, name: string): Promise<void> {
  const { database } = context.cloud
  const segments = await findContainer(database.read, account, name)
  if (!segments) return
  for (let from: string | null = null; ; ) {
    const rows: ListedObject[] = await objectsIn(database.read, segments.id, { from, after: true, to: null, limit: 1000, reverse: false })
    const ours = rows.filter((row) => /\/[0-9a-f]{32}(\/\d{5})?$/.test(row.name))
    await removeNames(
      context,
      account,
      ours.map((row) => [name, ...row.name.split('/')].map(encodeURIComponent).join('/')),
    )
    if (rows.length < 1000) break
    from = rows.at(-1)!.name
  }
  await database
    .write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, name))
    .catch((error) => {
      // Somebody keeps things of his own there.
      if (!(error instanceof Fault)) throw error
    })
}

export async function setVersioning(context: BaseContext, signed: Signed, name: string): Promise<Reply> {
  const row = await bucketOf(context, signed, name, 'own')
  const root = await xmlBody(context, signed)
  const status = childText(root, 'Status')
  if (childText(root, 'MfaDelete') === 'Enabled') throw fault('NotImplemented', 'Removal by several factors is not built.')
  if (status !== 'Enabled' && status !== 'Suspended') throw fault('MalformedXML')
  const { cloud } = context
  await cloud.database.write(async (tx) => {
    const now = await lockContainer(tx, cloud, row.id)
    const metadata = { ...now.metadata, 'x-versions-enabled': status === 'Enabled' ? 'True' : 'False' }
    await setContainerMetadata(tx.db, row.id, metadata, nextTimestamp(cloud.environment.clock))
  })
  return reply({ status: 200 })
}

export function showVersioning({ metadata }: Container): Reply {
  const enabled = metadata['x-versions-enabled']
  return xmlReply('VersioningConfiguration', enabled ? tag('Status', enabled === 'True' ? 'Enabled' : 'Suspended') : '')
}
