// The rows of image data: a row is made before the first byte goes to a store and removed after the last has left it, so whatever
// happens in between, it is known where something may lie.
import type { Selectable } from 'kysely'
import { Fault } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import type { ImageLocationRow } from '../tables.ts'
import { change } from './store.ts'

export type Location = Selectable<ImageLocationRow>

/** The row of data that an upload is about to put into a store; that of an earlier try of the same upload when there is one. Throws 410 when the image is gone. */
export async function intend(db: Db, parts: { imageId: string; uploadId: string; store: string; now: string }): Promise<Location> {
  const { imageId, uploadId, store, now } = parts
  await change(db, imageId, now) // locks the row
  if (!(await db.selectFrom('images').select('id').where('id', '=', imageId).where('status', '!=', 'pending_delete').executeTakeFirst()))
    throw new Fault(410, `Image ${imageId} has been deleted.`)
  const rows = await db.selectFrom('image_locations').selectAll().where('image_id', '=', imageId).where('store', '=', store).execute()
  const known = rows.find((row) => row.upload_id === uploadId && row.state !== 'removing')
  if (known) return known
  // What an earlier upload has left may still be on its way out: it is not to take our data with it.
  const data_key = freeKey(imageId, uploadId, new Set(rows.map((row) => row.data_key)))
  const row = {
    store,
    data_key,
    image_id: imageId,
    state: 'writing',
    upload_id: uploadId,
    size: null,
    due_at: null,
    created_at: now,
  } as const
  await db.insertInto('image_locations').values(row).execute()
  return { ...row, tries: 0 }
}

/** The id of the image, or that and eight digits when something of it is there already. */
function freeKey(imageId: string, uploadId: string, taken: Set<string>): string {
  let key = imageId
  for (let digits = Number.parseInt(uploadId.slice(0, 8), 16) >>> 0; taken.has(key); digits = (digits + 1) >>> 0) {
    key = `${imageId}.${digits.toString(16).padStart(8, '0')}`
  }
  return key
}

/** Where the image's data is, in the order in which it came there. */
export const activeLocations = (db: Db, imageId: string): Promise<Location[]> =>
  db
    .selectFrom('image_locations')
    .selectAll()
    .where('image_id', '=', imageId)
    .where('state', '=', 'active')
    .orderBy('created_at')
    .orderBy('store')
    .execute()

const ofUpload = (imageId: string, uploadId: string) => ({ image_id: imageId, upload_id: uploadId })

/** Rows of an upload that are not on their way out. */
export const uploadLocations = (db: Db, imageId: string, uploadId: string): Promise<Location[]> => {
  const { image_id, upload_id } = ofUpload(imageId, uploadId)
  return db
    .selectFrom('image_locations')
    .selectAll()
    .where('image_id', '=', image_id)
    .where('upload_id', '=', upload_id)
    .where('state', '!=', 'removing')
    .execute()
}

/** Data is in its store, whole. Gives false when it is wanted no more. */
export async function setWritten(db: Db, { store, data_key }: Location, size: number, state: 'written' | 'active'): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('image_locations')
    .set({ state, size })
    .where('store', '=', store)
    .where('data_key', '=', data_key)
    .where('state', 'in', ['writing', 'written'])
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** What an upload has written is now the image's data. */
export const activate = (db: Db, imageId: string, uploadId: string, size: number) =>
  db
    .updateTable('image_locations')
    .set({ state: 'active', size })
    .where('image_id', '=', imageId)
    .where('upload_id', '=', uploadId)
    .where('state', '=', 'written')
    .execute()

/** Data that is wanted no more from `dueAt` on: all of the image, what lies in one store, or what an upload has brought that is not the image's data yet. */
export async function release(db: Db, imageId: string, dueAt: string, only: { uploadId?: string; store?: string } = {}): Promise<void> {
  let rows = db.updateTable('image_locations').set({ state: 'removing', due_at: dueAt }).where('image_id', '=', imageId)
  rows = rows.where('state', '!=', 'removing')
  if (only.uploadId !== undefined) rows = rows.where('upload_id', '=', only.uploadId).where('state', 'in', ['writing', 'written'])
  if (only.store !== undefined) rows = rows.where('store', '=', only.store)
  await rows.execute()
}
