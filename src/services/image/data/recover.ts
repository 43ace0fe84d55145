// After a crash: uploads that were under way in this data folder are given up, and data that no image has is removed.
import type { Cloud } from '../../../cloud.ts'
import { change } from '../images/store.ts'

/** Idempotent; called before anything listens. */
export async function recoverUploads(cloud: Cloud): Promise<void> {
  const { database, environment, image } = cloud
  await image.store.prepare()
  const { uploads, images } = await image.store.contents()
  const now = new Date(environment.clock.now()).toISOString()
  await database.write(async ({ db }) => {
    const saving = await db
      .selectFrom('images')
      .select(['id', 'upload_id'])
      .where('status', 'in', ['saving', 'uploading'])
      .where('staged_bytes', 'is', null)
      .execute()
    // Begun here: its file is still among the uploads, or was already moved to its place when the process ended.
    const broken = saving.filter((row) => uploads.has(row.upload_id ?? '') || images.has(row.id))
    for (const { id } of broken) await change(db, id, now, { status: 'queued', upload_id: null })
  })
  const waiting = await database.read.selectFrom('images').select('upload_id').where('staged_bytes', 'is not', null).execute()
  const staged = new Set(waiting.map((row) => row.upload_id))
  for (const uploadId of uploads) if (!staged.has(uploadId)) await image.store.discard(uploadId)
  const kept = await database.read.selectFrom('images').select('id').where('status', 'in', ['active', 'deactivated', 'importing']).execute()
  // Imports go on, from the start of what they did last.
  const known = new Set(kept.map(({ id }) => id))
  for (const id of images) if (!known.has(id)) await image.store.remove(id)
}
