// DELETE /v2/images/{id} (reference 11.2.5).
import { forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { bytes, count } from '../quotas.ts'
import { ownerMember } from '../rules.ts'
import { images, missingImage } from './resource.ts'
import { change, fullImage, removeImage } from './store.ts'

export const deleteImage = operation({
  id: 'images.delete',
  method: 'DELETE',
  path: '/images/{image_id}',
  summary: 'Delete an image',
  catalog: ['image-v2.images.delete-image'],
  status: 204,
  policy: rule('delete_image', ownerMember, 'Delete an image.'),
  on: images,
  handle: (context) => eraseImage(context, context.image.id),
})

/** Deletes the image, and its data when that has been committed. Throws 403 for a protected one. */
export async function eraseImage({ tx, cloud, log, now }: Pick<BaseContext, 'tx' | 'cloud' | 'log' | 'now'>, id: string): Promise<void> {
  await change(tx.db, id, now)
  const image = await fullImage(tx.db, id)
  if (!image) throw notFound(missingImage(id))
  if (image.protected) throw forbidden(`Image ${id} is protected and cannot be deleted.`)
  await removeImage(tx.db, id, now)
  await cloud.quota.take(tx, image.owner_id, { [count]: -1, [bytes]: -(image.size ?? 0) })
  // A download that has begun goes on: it holds the file open. What a crash leaves here is removed at the next start.
  tx.afterCommit(() => {
    if (image.os_hash_value) cloud.hosts.forgetImage(image.os_hash_value)
    if (image.staged_bytes !== null && image.upload_id) cloud.image.store.discard(image.upload_id).catch(() => {}) // else at the next start
    cloud.image.store.remove(id).catch((error: Error) => log.error({ image: id, error: error.message }, 'image data not removed'))
  })
}
