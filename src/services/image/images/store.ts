// All queries on images. What a project may not see is not found here, so no handler can forget it.
import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { Tables } from '../../../db/tables.ts'
import type { ImageRow, Visibility } from '../tables.ts'

export type Image = Selectable<ImageRow>
export interface FullImage extends Image {
  tags: string[]
  properties: Record<string, string>
  /** Where its data lies. */
  places: { store: string; data_key: string }[]
}

export interface Viewer {
  projectId: string | null
  isAdmin: boolean
}

/** Beyond so many open images a list is read in its own order: as many as a page needs are met soon. */
const manyOpen = 1000

/** Whether there are many images that everybody may see. Not asked for administrators, who see them all. */
export async function isCrowded(db: Db, viewer: Viewer): Promise<boolean> {
  if (viewer.isAdmin) return false
  const open = db.selectFrom('images').select('visibility').where('visibility', 'in', ['public', 'community']).limit(manyOpen)
  const counted = db.selectFrom(open.as('open')).select(({ fn }) => fn.countAll<number | string>().as('count'))
  return Number((await counted.executeTakeFirst())?.count) >= manyOpen
}

/** That an image has one of the visibilities. `crowded`: the images are not to be gathered by them and sorted, which no index is used for then. */
export const isVisibility = (eb: ExpressionBuilder<Tables, 'images'>, among: Visibility[], crowded: boolean) =>
  crowded ? eb(sql<Visibility>`images.visibility || ''`, 'in', among) : eb('visibility', 'in', among)

/** Own, public and community images, and those shared with the project whatever it answered; all for administrators. */
export const visibleTo =
  (viewer: Viewer, crowded = false) =>
  (eb: ExpressionBuilder<Tables, 'images'>) => {
    const there = eb('status', '!=', 'pending_delete')
    if (viewer.isAdmin) return there
    const open = isVisibility(eb, ['public', 'community'], crowded)
    if (viewer.projectId === null) return eb.and([there, open])
    return eb.and([there, eb.or([open, eb('owner_id', '=', viewer.projectId), sharedWith(viewer.projectId)(eb)])])
  }

/** Images that are shared with the project, with one of the given answers (any unless given). */
export const sharedWith = (projectId: string, answers?: string[]) => (eb: ExpressionBuilder<Tables, 'images'>) => {
  let members = eb.selectFrom('image_members').select('image_id').where('member_id', '=', projectId)
  if (answers) members = members.where('status', 'in', answers as never)
  return eb.and([eb('visibility', '=', 'shared'), eb('id', 'in', members)])
}

/** The image when that viewer may know of it. */
export const findVisible = (db: Db, id: string, viewer: Viewer): Promise<Image | undefined> =>
  db.selectFrom('images').selectAll().where('id', '=', id).where(visibleTo(viewer)).executeTakeFirst()

/** The rows with tags and properties, in the same order. */
export async function complete(db: Db, rows: Image[]): Promise<FullImage[]> {
  if (!rows.length) return []
  const ids = rows.map((row) => row.id)
  const full = new Map<string, FullImage>(rows.map((row) => [row.id, { ...row, tags: [], properties: {}, places: [] }]))
  for (const { image_id, tag } of await db.selectFrom('image_tags').selectAll().where('image_id', 'in', ids).orderBy('tag').execute()) {
    full.get(image_id)!.tags.push(tag)
  }
  const properties = db.selectFrom('image_properties').select(['image_id', 'name', 'value']).where('image_id', 'in', ids)
  for (const row of await properties.orderBy('name').execute()) full.get(row.image_id)!.properties[row.name] = row.value
  const data = db
    .selectFrom('image_locations')
    .select(['image_id', 'store', 'data_key'])
    .where('image_id', 'in', ids)
    .where('state', '=', 'active')
  for (const row of await data.orderBy('created_at').orderBy('store').execute()) {
    const { image_id, store, data_key } = row
    full.get(image_id)!.places.push({ store, data_key })
  }
  return [...full.values()]
}

export const completeOne = async (db: Db, row: Image): Promise<FullImage> => (await complete(db, [row]))[0]!

/** Notes a change of the image, but for its status (see machine.ts): every write of it, its tags or properties goes through here first, which also locks the row. */
export async function change(
  db: Db,
  id: string,
  now: string,
  values: Partial<Omit<Image, 'id' | 'revision' | 'status'>> = {},
): Promise<void> {
  await db
    .updateTable('images')
    .set((eb) => ({ ...values, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

/** The image as the transaction has it. */
export async function fullImage(db: Db, id: string): Promise<FullImage | undefined> {
  const row = await db.selectFrom('images').selectAll().where('id', '=', id).executeTakeFirst()
  return row && completeOne(db, row)
}

export async function setTags(db: Db, imageId: string, tags: string[]): Promise<void> {
  await db.deleteFrom('image_tags').where('image_id', '=', imageId).execute()
  const rows = [...new Set(tags)].map((tag) => ({ image_id: imageId, tag }))
  if (rows.length) await db.insertInto('image_tags').values(rows).execute()
}

const keyLength = 255
/** What a value of a property is looked for by; all of it when it is shorter than that. */
export const valueKey = (value: string) => (value.length < keyLength ? value : Array.from(value).slice(0, keyLength).join(''))
/** True when values with that key are one value. */
export const isWhole = (value: string) => value.length < keyLength

export const propertyRows = (imageId: string, properties: Record<string, string>) =>
  Object.entries(properties).map(([name, value]) => ({ image_id: imageId, name, value, value_key: valueKey(value) }))

export async function setProperties(db: Db, imageId: string, properties: Record<string, string>): Promise<void> {
  await db.deleteFrom('image_properties').where('image_id', '=', imageId).execute()
  const rows = propertyRows(imageId, properties)
  if (rows.length) await db.insertInto('image_properties').values(rows).execute()
}

/** True when an image has or had that id: it must never name other data. */
export async function isIdUsed(db: Db, id: string): Promise<boolean> {
  if (await db.selectFrom('image_tombstones').select('id').where('id', '=', id).executeTakeFirst()) return true
  return (await db.selectFrom('images').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

/** Removes the row and all that hangs on it, and keeps the id as used. */
export async function removeImage(db: Db, id: string, now: string): Promise<void> {
  await db.deleteFrom('image_tags').where('image_id', '=', id).execute()
  await db.deleteFrom('image_properties').where('image_id', '=', id).execute()
  await db.deleteFrom('image_members').where('image_id', '=', id).execute()
  await db.deleteFrom('images').where('id', '=', id).execute()
  await db.insertInto('image_tombstones').values({ id, deleted_at: now }).execute()
}
