// POST /v2/images (reference 11.2.1).
import { conflict, Fault, forbidden } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { validator } from '../../../api/validate.ts'
import { rule } from '../../../auth/policy.ts'
import { tellImage } from '../events.ts'
import { importHeaders } from '../imports/discovery.ts'
import { count, maxProperties, maxPropertyText, maxTags } from '../quotas.ts'
import { ownerMember } from '../rules.ts'
import { addresses } from '../stores/addresses.ts'
import { checkVisibility } from './publish.ts'
import { isAdmin } from './resource.ts'
import { checkName, checkValue, type Fields, Image, ImageCreate, ImageId, isField } from './schema.ts'
import { fullImage, isIdUsed, setProperties, setTags } from './store.ts'
import { imageView } from './view.ts'

export const createImage = operation({
  id: 'images.create',
  method: 'POST',
  path: '/images',
  summary: 'Create an image',
  catalog: ['image-v2.images.create-image'],
  body: ImageCreate,
  status: 201,
  answer: Image,
  quota: { [count]: 'handler' },
  policy: rule('add_image', `${ownerMember}`, 'Create an image.'),
  policyTarget: ({ who }) => ({ project_id: who.project?.id, owner: who.project?.id }),
  async handle(context) {
    const id = await insertImage(context, context.body as Record<string, unknown>)
    const headers = { location: context.href(`/images/${id}`), ...importHeaders(context.cloud.image.stores) }
    const { config, image } = context.cloud
    const made = (await fullImage(context.tx.db, id))!
    return reply({ headers, body: imageView(made, addresses({ config, stores: image.stores }, made)) })
  },
})

const idCheck = validator({ type: 'object', properties: { id: ImageId } }, false)

/** Inserts a queued image with those fields; gives its id. Throws 400, 403, 409 or 413 for what may not be. */
export async function insertImage(context: BaseContext, fields: Record<string, unknown>): Promise<string> {
  const { who, tx, cloud, now } = context
  const { db } = tx
  const properties: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'id') {
      idCheck.check({ id: value }, 'body')
      continue
    }
    checkName(name)
    checkValue(name, value)
    if (!isField(name)) properties[name] = value as string
  }
  const given = fields as Partial<Fields> & { id?: string }
  const owner = given.owner ?? who.project?.id
  if (owner === undefined) throw forbidden('An image needs an owner: use a token of a project.')
  if (owner !== who.project?.id && !isAdmin(context)) throw forbidden('You are not permitted to create images owned by another project.')
  checkCounts(given.tags ?? [], properties)
  const visibility = given.visibility ?? 'shared'
  checkVisibility(context, visibility, owner)
  // One id, however its letters are written.
  const wished = given.id?.toLowerCase()
  if (wished !== undefined && (await isIdUsed(db, wished))) throw conflict(`Image ID ${wished} already exists!`)
  await cloud.quota.take(tx, owner, { [count]: 1 })
  const id = wished ?? cloud.environment.uuid()
  await db
    .insertInto('images')
    .values({
      id,
      name: given.name ?? null,
      owner_id: owner,
      status: 'queued',
      visibility,
      container_format: given.container_format ?? null,
      disk_format: given.disk_format ?? null,
      size: null,
      virtual_size: null,
      checksum: null,
      os_hash_algo: null,
      os_hash_value: null,
      min_disk: given.min_disk ?? 0,
      min_ram: given.min_ram ?? 0,
      protected: given.protected ?? false,
      os_hidden: given.os_hidden ?? false,
      content_fault: null,
      upload_id: null,
      created_at: now,
      updated_at: now,
    })
    .execute()
  await setTags(db, id, given.tags ?? [])
  await setProperties(db, id, properties)
  const by = { request_id: context.requestId, user_id: who.user.id }
  await tellImage(cloud, tx, 'created', { id, name: given.name ?? null, owner_id: owner, size: null }, by)
  return id
}

/** Throws 413 for more tags or custom properties than an image may have. */
export function checkCounts(tags: string[], properties: Record<string, string>): void {
  const tagCount = new Set(tags).size
  if (tagCount > maxTags)
    throw new Fault(413, `The limit has been exceeded on the number of allowed image tags. Attempted: ${tagCount}, Maximum: ${maxTags}`)
  const propertyCount = Object.keys(properties).length
  if (propertyCount > maxProperties) {
    throw new Fault(
      413,
      `The limit has been exceeded on the number of allowed image properties. Attempted: ${propertyCount}, Maximum: ${maxProperties}`,
    )
  }
  const text = Object.entries(properties).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (text > maxPropertyText)
    throw new Fault(
      413,
      `The limit has been exceeded on the length of all image properties. Attempted: ${text}, Maximum: ${maxPropertyText}`,
    )
}
