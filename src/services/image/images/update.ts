// PATCH /v2/images/{id} (reference 11.2.4).
import { badRequest, conflict, Fault, forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { bytes, count } from '../quotas.ts'
import { ownerMember } from '../rules.ts'
import { addresses, dropPlace } from '../stores/addresses.ts'
import { release } from '../stores/locations.ts'
import { checkCounts } from './create.ts'
import { type Change, mediaTypes, readPatch } from './patch.ts'
import { checkVisibility } from './publish.ts'
import { images, isAdmin, missingImage } from './resource.ts'
import { checkName, checkValue, type FieldName, type Fields, Image, isField } from './schema.ts'
import { change, type FullImage, fullImage, setProperties, setTags } from './store.ts'
import { imageView } from './view.ts'

export const updateImage = operation({
  id: 'images.update',
  method: 'PATCH',
  path: '/images/{image_id}',
  summary: 'Update an image',
  catalog: ['image-v2.images.update-image'],
  mediaTypes: [...mediaTypes],
  answer: Image,
  quota: { [count]: 'handler', [bytes]: 'handler' },
  policy: rule('modify_image', ownerMember, 'Change an image.'),
  on: images,
  async handle(context) {
    const { image: seen, headers } = context
    const mediaType = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
    // The seeds' walk-through sends plain JSON, which can only be what the standard asks for.
    if (mediaType !== 'application/json' && !mediaTypes.includes(mediaType as never)) {
      throw new Fault(415, `Unsupported Content-Type: ${mediaType.slice(0, 80)}`, { headers: { 'accept-patch': mediaTypes.join(', ') } })
    }
    const { config, image } = context.cloud
    const changed = await changeImage(context, seen.id, readPatch(context.body, mediaType))
    return imageView(changed, addresses({ config, stores: image.stores }, changed))
  },
})

/** Does the changes in their order, all or none. Throws 400, 403, 404, 409 or 413 for what may not be. */
export async function changeImage(context: BaseContext, id: string, changes: Change[]): Promise<FullImage> {
  const { tx, now, cloud } = context
  const { db } = tx
  await change(db, id, now)
  const before = await fullImage(db, id)
  if (!before) throw notFound(missingImage(id))
  const after: FullImage = { ...before, tags: [...before.tags], properties: { ...before.properties }, places: [...before.places] }
  for (const one of changes) apply(context, after, one)
  checkCounts(after.tags, after.properties)
  if (after.owner_id !== before.owner_id) {
    const size = before.size ?? 0
    await cloud.quota.count(tx, before.owner_id, { [count]: -1, [bytes]: -size })
    await cloud.quota.take(tx, after.owner_id, { [count]: 1, [bytes]: size })
  }
  const { name, visibility, container_format, disk_format, min_disk, min_ram, protected: guarded, os_hidden, owner_id } = after
  await db
    .updateTable('images')
    .set({ name, visibility, container_format, disk_format, min_disk, min_ram, protected: guarded, os_hidden, owner_id })
    .where('id', '=', id)
    .execute()
  await setTags(db, id, after.tags)
  await setProperties(db, id, after.properties)
  for (const { store } of before.places.filter((place) => !after.places.includes(place))) {
    await release(db, id, now, { store })
    tx.afterCommit(cloud.image.scrubber.kick)
  }
  return (await fullImage(db, id))!
}

/** Does one change to the image in memory. */
function apply(context: BaseContext, image: FullImage, { op, path, value }: Change): void {
  const [name = '', index] = path
  if (name === 'id') throw forbidden("Attribute 'id' is read-only.")
  if (name === 'locations' && context.cloud.config.showMultipleLocations) {
    dropPlace(context, image, op, index)
    return
  }
  checkName(name)
  if (index !== undefined) applyToTags(image, op, index, value)
  else if (op === 'remove') {
    if (isField(name)) throw forbidden(`Property ${name} may not be removed.`)
    if (!Object.hasOwn(image.properties, name)) throw conflict(`Property ${name.slice(0, 80)} does not exist.`)
    delete image.properties[name]
  } else {
    checkValue(name, value)
    if (isField(name)) setField(context, image, name, value as never)
    else if (op === 'replace' && !Object.hasOwn(image.properties, name)) throw conflict(`Property ${name.slice(0, 80)} does not exist.`)
    else image.properties[name] = value as string
  }
}

function setField(context: BaseContext, image: FullImage, name: FieldName, value: Fields[FieldName]): void {
  if (name === 'owner') {
    if (value !== image.owner_id && !isAdmin(context)) throw forbidden("Owner can't be updated by non admin.")
    image.owner_id = value as string
    return
  }
  if ((name === 'container_format' || name === 'disk_format') && image.status !== 'queued' && image[name] !== value) {
    throw forbidden(`Attribute ${name} can be only replaced for a queued image.`)
  }
  if (name === 'visibility' && value !== image.visibility) checkVisibility(context, value as Fields['visibility'], image.owner_id)
  Object.assign(image, { [name]: value })
}

/** One tag by its place in the list: a number, or `-` for its end. */
function applyToTags(image: FullImage, op: Change['op'], index: string, value: unknown): void {
  const { tags } = image
  const end = op === 'add' ? tags.length : tags.length - 1
  const at = index === '-' && op === 'add' ? tags.length : /^(0|[1-9]\d{0,5})$/.test(index) ? Number(index) : -1
  if (at < 0 || at > end) throw badRequest(`There is no tag at '${index.slice(0, 40)}'.`)
  if (op !== 'remove') checkValue('tags', [value])
  if (op === 'add') tags.splice(at, 0, value as string)
  else if (op === 'replace') tags[at] = value as string
  else tags.splice(at, 1)
}
