// The rows of an upload: it is claimed, ended or given up, each in one transaction and by its own id, so two can never mix.
import { badRequest, conflict, Fault, notFound } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { tellImage } from '../events.ts'
import { intend, type Location, release, setWritten } from '../images/locations.ts'
import { imageMachine, moveImage } from '../images/machine.ts'
import { missingImage } from '../images/resource.ts'
import { change, type Image } from '../images/store.ts'
import { bytes } from '../quotas.ts'
import type { Received } from '../stores/receive.ts'
import type { Verdict } from './judge.ts'

const now = (cloud: Cloud) => new Date(cloud.environment.clock.now()).toISOString()
const deleted = (imageId: string) => new Fault(410, `Image ${imageId} could not be found after upload: it has been deleted.`)

/** Makes the image `saving` (or `uploading`, when its data shall wait for an import) for this upload, and notes where its data will go. Throws 409 unless it is queued, 400 without formats. Gives the row as it was. */
export const claim = (
  cloud: Cloud,
  imageId: string,
  uploadId: string,
  store: string | null,
): Promise<Image & { disk_format: string; container_format: string; location: Location | null }> =>
  cloud.database.write(async (tx) => {
    const { db } = tx
    const [event, status] = store === null ? (['stage', 'uploading'] as const) : (['upload', 'saving'] as const)
    await change(db, imageId, now(cloud))
    const image = await db.selectFrom('images').selectAll().where('id', '=', imageId).executeTakeFirst()
    if (!image) throw notFound(missingImage(imageId))
    if (!imageMachine.can(image, event)) throw conflict(`Image status transition from ${image.status} to ${status} is not allowed`)
    const { disk_format, container_format } = image
    if (disk_format === null || container_format === null) {
      throw badRequest('Properties disk_format, container_format must be set prior to saving data.')
    }
    await moveImage(tx, imageId, event, now(cloud), { upload_id: uploadId })
    const location = store === null ? null : await intend(db, { imageId, uploadId, store, now: now(cloud) })
    return { ...image, disk_format, container_format, location }
  })

/** Makes the image active with what was received and lies at the location now. Throws 410 when it was deleted meanwhile, 413 when the quota is used up. */
export const finish = (cloud: Cloud, imageId: string, location: Location, received: Received, verdict: Verdict): Promise<void> =>
  cloud.database.write(async (tx) => {
    const row = await tx.db
      .selectFrom('images')
      .select(['id', 'name', 'owner_id'])
      .where('id', '=', imageId)
      .where('upload_id', '=', location.upload_id)
      .executeTakeFirst()
    if (!row || !(await setWritten(tx.db, location, received.size, 'active'))) throw deleted(imageId)
    await cloud.quota.take(tx, row.owner_id, { [bytes]: received.size })
    const isActive = await moveImage(tx, imageId, 'uploaded', now(cloud), {
      size: received.size,
      virtual_size: verdict.virtualSize,
      content_fault: verdict.fault,
      checksum: received.md5,
      os_hash_algo: 'sha512',
      os_hash_value: received.sha512,
      upload_id: null,
    })
    if (!isActive) throw deleted(imageId)
    await tellImage(cloud, tx, 'activated', { ...row, size: received.size })
  })

/** Notes that the data of this upload is complete and waits for its import. Throws 410 when the image was deleted meanwhile. */
export const staged = (cloud: Cloud, imageId: string, uploadId: string, size: number): Promise<void> =>
  cloud.database.write(async ({ db }) => {
    const { numUpdatedRows } = await db
      .updateTable('images')
      .set((eb) => ({ staged_bytes: size, revision: eb('revision', '+', 1) }))
      .where('id', '=', imageId)
      .where('upload_id', '=', uploadId)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw deleted(imageId)
  })

/** Makes the image queued again, when this upload still holds it, and has removed what the upload brought to a store. */
export const giveUp = (cloud: Cloud, imageId: string, uploadId: string): Promise<void> =>
  cloud.database.write(async ({ db, afterCommit }) => {
    await release(db, imageId, now(cloud), { uploadId })
    afterCommit(cloud.image.scrubber.kick)
    const held = await db.selectFrom('images').select('id').where('id', '=', imageId).where('upload_id', '=', uploadId).executeTakeFirst()
    if (held) await moveImage({ db }, imageId, 'uploadFailed', now(cloud), { upload_id: null })
  })
