// Who owns what others put into a bucket, and whether access lists count there at all.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { lockContainer, setContainerMetadata } from '../containers/store.ts'
import { header } from '../headers.ts'
import type { Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { hasGrants, ownershipName } from './access-lists.ts'
import { tag, xmlReply } from './answers.ts'
import { fault } from './faults.ts'
import { bucketOf } from './scope.ts'
import type { Signed } from './signature.ts'
import { childText, xmlBody } from './xml.ts'

const kinds = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const
type Ownership = (typeof kinds)[number]

const isKind = (text: string | undefined): text is Ownership => kinds.includes(text as Ownership)

/** What a new bucket's headers say of it. Throws InvalidArgument for what is no ownership. */
export function ownershipOfNew({ headers }: BaseContext): Headers {
  const asked = header(headers, 'x-amz-object-ownership')
  if (asked === undefined) return {}
  if (!isKind(asked)) throw fault('InvalidArgument', 'There is no such object ownership.')
  return { [ownershipName]: asked }
}

/** GET, PUT and DELETE of ?ownershipControls at a bucket. Throws InvalidBucketAclWithObjectOwnership where a list would lose its effect. */
export async function bucketOwnership(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const { method } = context.request
  const row = await bucketOf(context, signed, bucket, method === 'GET' ? 'own-read' : 'own')
  if (method === 'GET') {
    const ownership = row.metadata[ownershipName]
    if (!ownership) throw fault('OwnershipControlsNotFoundError')
    return xmlReply('OwnershipControls', `<Rule>${tag('ObjectOwnership', ownership)}</Rule>`)
  }
  const ownership = method === 'PUT' ? await ownershipIn(context, signed) : null
  const { cloud } = context
  await context.write(async (tx) => {
    const now = await lockContainer(tx, cloud, row.id)
    if (ownership === 'BucketOwnerEnforced' && hasGrants(now)) throw fault('InvalidBucketAclWithObjectOwnership')
    const { [ownershipName]: _, ...metadata } = now.metadata
    await setContainerMetadata(
      tx.db,
      row.id,
      ownership ? { ...metadata, [ownershipName]: ownership } : metadata,
      nextTimestamp(cloud.environment.clock),
    )
  })
  return reply({})
}

/** The ownership that the body asks for. Throws MalformedXML. */
async function ownershipIn(context: BaseContext, signed: Signed): Promise<Ownership> {
  const root = await xmlBody(context, signed)
  const [rule, ...more] = root.children
  const ownership = rule && childText(rule, 'ObjectOwnership')
  if (root.name !== 'OwnershipControls' || rule?.name !== 'Rule' || more.length || !isKind(ownership)) throw fault('MalformedXML')
  return ownership
}
