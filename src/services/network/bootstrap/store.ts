import type {} from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import type {} from '../tables.ts'

/** True for the one caller that shall make what a fresh cloud needs. */
export async function claimBootstrap(db: Db): Promise<boolean> {
  const result = await db
    .insertInto('network_state')
    .values({ name: 'external network', value: 'made' })
    .onConflict((c) => c.column('name').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** The administrators' project, to which the external network belongs. */
export async function adminProject(db: Db): Promise<string> {
  const row = await db
    .selectFrom('identity_projects')
    .select('id')
    .where('name', '=', 'admin')
    .where('domain_id', '=', 'default')
    .executeTakeFirst()
  return row?.id ?? ''
}
