// Members of shared images (reference 11.5): projects that an owner invites, and what they answer.
import { type Static, Type } from 'typebox'
import { conflict, Fault, forbidden, notFound } from '../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../api/operation.ts'
import { Closed } from '../../api/types.ts'
import { rule } from '../../auth/policy.ts'
import { images, imageTarget, missingImage, type SeenImage } from './images/resource.ts'
import { wireTime } from './images/view.ts'
import { maxMembers } from './quotas.ts'
import { invitedMember, membersReader, ownerMember } from './rules.ts'
import type { MemberRow } from './tables.ts'

const status = Type.Unsafe<MemberRow['status']>({ enum: ['pending', 'accepted', 'rejected'] })

/** A member as it is shown (reference 11.5). */
const Member = Type.Object({
  image_id: Type.String(),
  member_id: Type.String(),
  status,
  created_at: Type.String(),
  updated_at: Type.String(),
  schema: Type.String(),
})

const view = ({ image_id, member_id, status, created_at, updated_at }: MemberRow): Static<typeof Member> => ({
  image_id,
  member_id,
  status,
  created_at: wireTime(created_at),
  updated_at: wireTime(updated_at),
  schema: '/v2/schemas/member',
})

const mustBeShared = (image: SeenImage) => {
  if (image.visibility !== 'shared') throw forbidden('Only shared images have members.')
}

/** Owners and administrators see all members, a member only itself. */
const seesAll = (image: SeenImage) => image.member_id === null

type MemberOf = MemberRow & { image: SeenImage }
const members = resource<'member', MemberOf>({
  name: 'member',
  param: 'member_id',
  async load(id, context) {
    const image = await images.load((context as BaseContext & { params: { image_id: string } }).params.image_id, context)
    if (!image) throw notFound('The image or the member was not found.')
    mustBeShared(image)
    const row = await context.db
      .selectFrom('image_members')
      .selectAll()
      .where('image_id', '=', image.id)
      .where('member_id', '=', id)
      .executeTakeFirst()
    return row && (seesAll(image) || image.member_id === id) ? { ...row, image } : undefined
  },
  target: ({ image, member_id }) => ({ ...imageTarget(image), member_id }),
  missing: (id) => `${id.slice(0, 64)} is not a member of the image.`,
})

const path = '/images/{image_id}/members'

export const createMember = operation({
  id: 'members.create',
  method: 'POST',
  path,
  summary: 'Create an image member',
  catalog: ['image-v2.members.create-image-member'],
  body: Closed({ member: Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }) }),
  answer: Member,
  policy: rule('add_member', ownerMember, 'Share an image with a project.'),
  on: images,
  async handle({ image, body, tx: { db }, now }) {
    mustBeShared(image)
    const { id } = image
    // The image's row is locked, so that parallel requests count each other's members.
    const locked = await db
      .updateTable('images')
      .set((eb) => ({ revision: eb('revision', '+', 1) }))
      .where('id', '=', id)
      .executeTakeFirst()
    if (locked.numUpdatedRows === 0n) throw notFound(missingImage(id))
    const known = await db.selectFrom('image_members').select('member_id').where('image_id', '=', id).execute()
    if (known.some((row) => row.member_id === body.member))
      throw conflict(`The image member ${body.member} is already associated with image ${id}`)
    if (known.length >= maxMembers) {
      throw new Fault(
        413,
        `The limit has been exceeded on the number of allowed image members for this image. Attempted: ${known.length + 1}, Maximum: ${maxMembers}`,
      )
    }
    const row: MemberRow = { image_id: id, member_id: body.member, status: 'pending', can_share: false, created_at: now, updated_at: now }
    await db.insertInto('image_members').values(row).execute()
    return view(row)
  },
})

export const listMembers = operation({
  id: 'members.list',
  method: 'GET',
  path,
  summary: 'List image members',
  catalog: ['image-v2.members.list-image-members'],
  answer: Type.Object({ members: Type.Array(Member), schema: Type.String() }),
  policy: rule('get_members', membersReader, 'List the members of an image.'),
  on: images,
  async handle({ image, db }) {
    mustBeShared(image)
    let query = db.selectFrom('image_members').selectAll().where('image_id', '=', image.id)
    if (!seesAll(image)) query = query.where('member_id', '=', image.member_id!)
    const rows = await query.orderBy('created_at').orderBy('member_id').execute()
    return { members: rows.map(view), schema: '/v2/schemas/members' }
  },
})

export const showMember = operation({
  id: 'members.show',
  method: 'GET',
  path: `${path}/{member_id}`,
  summary: 'Show image member details',
  catalog: ['image-v2.members.show-image-member-details'],
  answer: Member,
  policy: rule('get_member', membersReader, 'Show a member of an image.'),
  on: members,
  handle: async ({ member }) => view(member),
})

export const updateMember = operation({
  id: 'members.update',
  method: 'PUT',
  path: `${path}/{member_id}`,
  summary: 'Update an image member',
  catalog: ['image-v2.members.update-image-member'],
  body: Closed({
    status,
    // openstack says again who it is.
    member: Type.Optional(Type.String({ maxLength: 255 })),
  }),
  answer: Member,
  policy: rule('modify_member', invitedMember, 'Answer the invitation to an image.'),
  on: members,
  async handle({ member, body, tx: { db }, now }) {
    const { image_id, member_id } = member
    await db
      .updateTable('image_members')
      .set({ status: body.status, updated_at: now })
      .where('image_id', '=', image_id)
      .where('member_id', '=', member_id)
      .execute()
    return view({ ...member, status: body.status, updated_at: now })
  },
})

export const deleteMember = operation({
  id: 'members.delete',
  method: 'DELETE',
  path: `${path}/{member_id}`,
  summary: 'Delete an image member',
  catalog: ['image-v2.members.delete-image-member'],
  status: 204,
  policy: rule('delete_member', ownerMember, 'Take an image away from a project.'),
  on: members,
  async handle({ member: { image_id, member_id }, tx: { db } }) {
    await db.deleteFrom('image_members').where('image_id', '=', image_id).where('member_id', '=', member_id).execute()
  },
})
