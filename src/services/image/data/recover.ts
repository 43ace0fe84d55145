// After a crash: uploads that were under way in this data folder are given up, and what they have left is removed.
import type { Cloud } from '../../../cloud.ts'
import { release } from '../images/locations.ts'
import { moveImage } from '../images/machine.ts'

/** Idempotent; called before anything listens. */
export async function recoverUploads(cloud: Cloud): Promise<void> {
  const { database, environment, image, log } = cloud
  await image.store.prepare()
  await image.cache.prepare()
  for (const store of image.stores.all) {
    const ready = store.prepare()
    if (store.type === 'file') await ready
    // One that is away is asked for long, and the cloud starts without it.
    else ready.catch((error: Error) => log.error({ store: store.id, error: error.message }, 'an image store cannot be reached'))
  }
  const files = await image.store.contents()
  const now = new Date(environment.clock.now()).toISOString()
  const saving = await database.read
    .selectFrom('images')
    .select(['id', 'upload_id'])
    .where('status', 'in', ['saving', 'uploading'])
    .where('staged_bytes', 'is', null)
    .execute()
  // Their space first: the disk may be full, and the database needs some.
  for (const { upload_id } of saving) if (upload_id !== null && files.has(upload_id)) await image.store.empty(upload_id, true)
  await database.write(async ({ db }) => {
    for (const { id, upload_id } of saving) {
      // Begun here: its file is still among the uploads, since it stays until the image is active or queued again.
      if (upload_id === null || !files.has(upload_id)) continue
      await release(db, id, now, { uploadId: upload_id })
      await moveImage({ db }, id, 'uploadFailed', now, { upload_id: null })
    }
  })
  const wanted = new Set(await openUploads(cloud))
  // What the work of an import leaves beside its file begins with the same id.
  for (const name of files) if (!wanted.has(name.split('.')[0]!)) await image.store.discard(name)
  await warnOfUnknownStores(cloud)
  image.scrubber.kick()
}

/** Uploads whose files are needed yet: they wait for an import, or one goes on with them. */
async function openUploads({ database }: Cloud): Promise<string[]> {
  const { read } = database
  const waiting = await read
    .selectFrom('images')
    .select('upload_id')
    .where('upload_id', 'is not', null)
    .where('staged_bytes', 'is not', null)
    .execute()
  const open = await read.selectFrom('image_tasks').select(['id', 'image_id']).where('status', 'in', ['pending', 'processing']).execute()
  const imageIds = open.flatMap(({ image_id }) => image_id ?? [])
  const brought = imageIds.length
    ? await read
        .selectFrom('image_locations')
        .select('upload_id')
        .where('image_id', 'in', imageIds)
        .where('state', '!=', 'removing')
        .execute()
    : []
  return [...waiting, ...brought].flatMap(({ upload_id }) => upload_id ?? []).concat(open.map(({ id }) => id))
}

async function warnOfUnknownStores({ database, image, log }: Cloud): Promise<void> {
  const rows = await database.read.selectFrom('image_locations').select('store').distinct().execute()
  for (const { store } of rows)
    if (!image.stores.get(store)) log.error({ store }, 'images have data in a store that is not among the settings: it cannot be read')
}
