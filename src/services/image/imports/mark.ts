// Properties that imports write.
import type { Db } from '../../../db/database.ts'
import { propertyRows } from '../images/store.ts'

/** Notes on the image which stores get its data, and which did not: clients wait for that. */
export const mark = (db: Db, imageId: string, importing: string, failed: string): Promise<void> =>
  setSome(db, imageId, { os_glance_importing_to_stores: importing, os_glance_failed_import: failed })

/** Sets these properties and leaves the others. */
export async function setSome(db: Db, imageId: string, properties: Record<string, string>): Promise<void> {
  const rows = propertyRows(imageId, properties)
  if (!rows.length) return
  await db
    .insertInto('image_properties')
    .values(rows)
    .onConflict((c) =>
      c.columns(['image_id', 'name']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value'), value_key: eb.ref('excluded.value_key') })),
    )
    .execute()
}
