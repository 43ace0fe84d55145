// DELETE /v2/images/{id} (reference 11.2.5).
import { forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { tellImage } from '../events.ts'
import { bytes, count } from '../quotas.ts'
import { ownerMember } from '../rules.ts'
import { release } from './locations.ts'
import { moveImage } from './machine.ts'
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
export async function eraseImage({ tx, cloud, now }: Pick<BaseContext, 'tx' | 'cloud' | 'now'>, id: string): Promise<void> {
  await change(tx.db, id, now)
  const image = await fullImage(tx.db, id)
  if (!image || image.status === 'pending_delete') throw notFound(missingImage(id))
  if (image.protected) throw forbidden(`Image ${id} is protected and cannot be deleted.`)
  const later = cloud.config.imageDelayedDelete && image.places.length > 0
  const due = later ? new Date(cloud.environment.clock.now() + cloud.config.imageScrubTime * 1000).toISOString() : now
  await release(tx.db, id, due)
  if (later) await moveImage(tx, id, 'deleteLater', now, { upload_id: null, staged_bytes: null })
  else await removeImage(tx.db, id, now)
  await cloud.quota.count(tx, image.owner_id, { [count]: -1, [bytes]: -(image.size ?? 0) })
  await tellImage(cloud, tx, 'deleted', image)
  // A download that has begun goes on: its data is removed when it has ended. What a crash leaves here is removed after the next start.
  tx.afterCommit(() => {
    if (image.os_hash_value) cloud.hosts.forgetImage(image.os_hash_value)
    if (image.staged_bytes !== null && image.upload_id) cloud.image.store.discard(image.upload_id).catch(() => {}) // else at the next start
    cloud.image.scrubber.kick()
    cloud.image.cache.remove(id).catch(() => {}) // else when the cache is looked through
  })
}
