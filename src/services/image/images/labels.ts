// Filters by tags and custom properties. Both databases are told how to go about it: by themselves they gather all images that have a
// label, also when nearly all have it, and that is most of the time that a list takes.
import type { Expression, ExpressionBuilder, SelectQueryBuilder, SqlBool } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { Tables } from '../../../db/tables.ts'
import { isWhole, valueKey } from './store.ts'

export type Label = { tag: string } | { name: string; value: string }
type Eb = ExpressionBuilder<Tables, 'images'>
type Condition = (eb: Eb) => Expression<SqlBool>

/** More images than that are never gathered: as many as a page needs are met soon in the list's own order. */
const many = 2500
/** With more images than that the list's own order may be long. */
const largest = 20_000
const page = 50

/** Of one table or the other: both have the column that is asked for. */
type Found = SelectQueryBuilder<Tables, 'image_tags', { image_id: string }>

/** Ids of the images that have the label. */
function having(db: Pick<Db, 'selectFrom'>, label: Label): Found {
  if ('tag' in label) return db.selectFrom('image_tags').select('image_id').where('tag', '=', label.tag)
  const { name, value } = label
  const found = db.selectFrom('image_properties').select('image_id').where('name', '=', name).where('value_key', '=', valueKey(value))
  return (isWhole(value) ? found : found.where('value', '=', value)) as never
}

const amongThem =
  (label: Label): Condition =>
  (eb) =>
    eb('images.id', 'in', having(eb as never, label))

/** Looked up for one image at a time: a subquery that gives a value is never turned into a join. */
const oneByOne =
  (label: Label): Condition =>
  (eb) => {
    const own = having(eb as never, label).whereRef('image_id', '=', 'images.id' as never)
    return eb(own as never, 'is not', null)
  }

/**
 * Conditions that an image has all the labels. `others`: how many conditions there are on fields besides; `few`: these leave only few
 * images.
 */
export async function labelled(db: Db, labels: Label[], others: number, few: boolean): Promise<Condition[]> {
  if (few || !labels.length) return labels.map(oneByOne)
  const images = db.selectFrom('images').select('id as image_id')
  const counts = (await db
    .selectNoFrom((eb) =>
      [images.limit(largest), ...labels.map((label) => having(eb as never, label).limit(many))].map((rows, index) =>
        eb
          .selectFrom(rows.as('found'))
          .select(({ fn }) => fn.countAll<number | string>().as('count'))
          .as(`count${index}`),
      ),
    )
    .executeTakeFirstOrThrow()) as Record<string, number | string>
  const total = Number(counts.count0)
  const sizes = labels.map((_, index) => Number(counts[`count${index + 1}`]))
  const rarest = sizes.indexOf(Math.min(...sizes))
  const gathers = isWorthGathering(total, sizes, others)
  return labels.map((label, index) => (gathers && index === rarest ? amongThem(label) : oneByOne(label)))
}

/** Whether it is less work to gather and sort the images with the rarest label than to go through all until a page is full. */
function isWorthGathering(total: number, sizes: number[], others: number): boolean {
  const least = Math.min(...sizes)
  if (least >= many) return false
  if (total >= largest) return true
  // Labels are taken to have nothing to do with each other, and every other condition to leave a third.
  const met = page * sizes.reduce((product, size) => product * (total / size), 1) * 3 ** others
  return least * (2 + sizes.length) <= Math.min(total, met) * (1 + sizes.length)
}
