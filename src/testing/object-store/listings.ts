// What the tests of listings that a database makes share.
import { randomInt } from 'node:crypto'
import type { TestCloud } from '../test-cloud.ts'
import { withContainer } from './store.ts'

/** Of one to `most` - 1 of the letters. */
export const textOf = (letters: string[], most: number): string =>
  Array.from({ length: randomInt(1, most) }, () => letters[randomInt(letters.length)]).join('')

/** The container `things` with some 300 objects of such names, or of those, written as rows; its id and the names. */
export async function filledContainer(
  cloud: TestCloud,
  letters: string[],
  names = [...new Set(Array.from({ length: 300 }, () => textOf(letters, 7)))],
): Promise<{ id: number; names: string[] }> {
  const { database } = cloud.cloud
  await withContainer(cloud)
  const { id } = await database.read
    .selectFrom('object_store_containers')
    .select('id')
    .where('name', '=', 'things')
    .executeTakeFirstOrThrow()
  const at = 144804929646224
  const bytes = { place: 'none' as const, data_id: null, stored: 0, etag: 'd41d8cd98f00b204e9800998ecf8427e' }
  const about = { version_id: '', content_type: 'text/plain; a="b\\"', kind: '' as const, metadata: {}, delete_at: null, made_at: at }
  const rows = names.map((name, index) => ({
    container_id: id,
    name,
    ...bytes,
    ...about,
    size: index * 7919,
    changed_at: at + index * 99_991,
  }))
  await database.write(async ({ db }) => {
    for (let from = 0; from < rows.length; from += 500)
      await db
        .insertInto('object_store_objects')
        .values(rows.slice(from, from + 500))
        .execute()
  })
  return { id, names }
}
