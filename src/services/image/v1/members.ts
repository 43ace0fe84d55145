// Members in version 1 (reference 12.3, 12.4): set as a whole or one by one, and never asked whether they want the image.
import { Type } from 'typebox'
import { badRequest, Fault, forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import { listImages } from '../images/list.ts'
import { images, imageTarget, missingImage, type SeenImage, viewerOf } from '../images/resource.ts'
import { change, visibleTo } from '../images/store.ts'
import { createMember, deleteMember, listMembers } from '../members.ts'
import { maxMembers } from '../quotas.ts'

const MemberId = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const Membership = Type.Object({ member_id: MemberId, can_share: Type.Optional(Type.Boolean()) })

interface Sharable extends SeenImage {
  may_share: boolean
}

/** As any image, but a member who may share it stands where its owner does. */
const sharable = resource<'image', Sharable>({
  ...images,
  async load(id, context) {
    const image = await images.load(id, context)
    if (!image) return undefined
    const member = image.member_id
    const row =
      member === null
        ? undefined
        : await context.db
            .selectFrom('image_members')
            .select('can_share')
            .where('image_id', '=', id)
            .where('member_id', '=', member)
            .executeTakeFirst()
    return { ...image, may_share: row?.can_share ?? false }
  },
  target: (image) => ({ ...imageTarget(image), ...(image.may_share ? { project_id: image.member_id } : {}) }),
})

/** Locks the image and makes it one that has members. Throws 403 for one that everybody has anyway. */
async function share({ tx: { db }, now }: BaseContext, image: SeenImage): Promise<void> {
  if (image.visibility === 'public' || image.visibility === 'community') throw forbidden('Only private images can be shared with members.')
  await change(db, image.id, now, image.visibility === 'private' ? { visibility: 'shared' } : {})
  if (!(await db.selectFrom('images').select('id').where('id', '=', image.id).executeTakeFirst())) throw notFound(missingImage(image.id))
}

/** Adds a member or changes what it may do. Throws 413 for too many. */
async function put({ tx: { db }, now }: BaseContext, imageId: string, memberId: string, canShare: boolean | undefined): Promise<void> {
  const known = await db.selectFrom('image_members').select('member_id').where('image_id', '=', imageId).execute()
  if (known.some(({ member_id }) => member_id === memberId)) {
    if (canShare === undefined) return
    await db
      .updateTable('image_members')
      .set({ can_share: canShare, updated_at: now })
      .where('image_id', '=', imageId)
      .where('member_id', '=', memberId)
      .execute()
    return
  }
  if (known.length >= maxMembers) throw new Fault(413, `The limit has been exceeded on the number of allowed image members: ${maxMembers}`)
  await db
    .insertInto('image_members')
    .values({ image_id: imageId, member_id: memberId, status: 'pending', can_share: canShare ?? false, created_at: now, updated_at: now })
    .execute()
}

const path = '/images/{image_id}/members'

export const getMembers = operation({
  id: 'v1.members.list',
  method: 'GET',
  path,
  summary: 'List the members of an image',
  catalog: ['quickstart-image-v1.images.list-image-members'],
  answer: Type.Object({ members: Type.Array(Type.Object({ member_id: Type.String(), can_share: Type.Boolean() })) }),
  policy: listMembers.policy,
  on: images,
  async handle({ image, db }) {
    let query = db.selectFrom('image_members').select(['member_id', 'can_share']).where('image_id', '=', image.id)
    if (image.member_id !== null) query = query.where('member_id', '=', image.member_id)
    return { members: await query.orderBy('created_at').orderBy('member_id').execute() }
  },
})

export const replaceMembers = operation({
  id: 'v1.members.replace',
  method: 'PUT',
  path,
  summary: 'Replace the members of an image',
  catalog: ['image-v1.members.replace-member'],
  body: Closed({
    memberships: Type.Optional(Type.Array(Membership, { maxItems: maxMembers })),
    members: Type.Optional(Type.Array(Membership, { maxItems: maxMembers })),
  }),
  status: 204,
  policy: createMember.policy,
  on: sharable,
  async handle(context) {
    const { image, body, tx } = context
    const wanted = body.memberships ?? body.members
    if (!wanted) throw badRequest('The body must hold memberships.')
    await share(context, image)
    const ids = wanted.map(({ member_id }) => member_id)
    const gone = tx.db.deleteFrom('image_members').where('image_id', '=', image.id)
    await (ids.length ? gone.where('member_id', 'not in', ids) : gone).execute()
    for (const { member_id, can_share } of wanted) await put(context, image.id, member_id, can_share ?? false)
  },
})

export const putMember = operation({
  id: 'v1.members.add',
  method: 'PUT',
  path: `${path}/{owner_id}`,
  summary: 'Add a member to an image',
  catalog: ['image-v1.members.add-member'],
  status: 204,
  policy: createMember.policy,
  on: sharable,
  async handle(context) {
    const { image, params, body } = context
    const member = params.owner_id
    if (!member || member.length > 255 || /[\0-\x1f\x7f]/.test(member)) throw badRequest('Invalid member.')
    const canShare = (body as { member?: { can_share?: unknown } } | undefined)?.member?.can_share
    if (canShare !== undefined && typeof canShare !== 'boolean') throw badRequest('can_share must be true or false.')
    await share(context, image)
    await put(context, image.id, member, canShare)
  },
})

export const removeMember = operation({
  id: 'v1.members.remove',
  method: 'DELETE',
  path: `${path}/{owner_id}`,
  summary: 'Remove a member from an image',
  catalog: ['image-v1.members.remove-member'],
  status: 204,
  policy: deleteMember.policy,
  on: sharable,
  async handle({ image, params: { owner_id }, tx: { db } }) {
    const { numDeletedRows } = await db
      .deleteFrom('image_members')
      .where('image_id', '=', image.id)
      .where('member_id', '=', owner_id)
      .executeTakeFirst()
    if (numDeletedRows === 0n) throw notFound('Membership could not be found.')
  },
})

export const listShared = operation({
  id: 'v1.shared_images.list',
  method: 'GET',
  path: '/shared-images/{owner_id}',
  summary: 'List the images that are shared with a project',
  catalog: ['image-v1.shared-images.list-shared-images'],
  answer: Type.Object({ shared_images: Type.Array(Type.Object({ image_id: Type.String(), can_share: Type.Boolean() })) }),
  policy: listImages.policy,
  async handle(context) {
    const { db, params } = context
    const seen = db
      .selectFrom('images')
      .select('id')
      .where(visibleTo(viewerOf(context)))
      .where('visibility', '=', 'shared')
    const rows = await db
      .selectFrom('image_members')
      .select(['image_id', 'can_share'])
      .where('member_id', '=', params.owner_id)
      .where('image_id', 'in', seen)
      .orderBy('created_at')
      .orderBy('image_id')
      .limit(1000)
      .execute()
    return { shared_images: rows }
  },
})
