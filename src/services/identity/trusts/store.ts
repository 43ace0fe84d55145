// All SQL on trusts.
import type { Trust } from '../../../auth/delegation-tables.ts'
import { changeGeneration } from '../../../auth/store.ts'
import type { Db } from '../../../db/database.ts'
import { ensureRoom } from '../room.ts'

/** Throws 403 for one too many of the trustor. */
export async function insertTrust(db: Db, row: Trust): Promise<void> {
  const all = db.selectFrom('identity_trusts').select(({ fn }) => fn.countAll<number | string>().as('count'))
  ensureRoom('trusts', await all.where('trustor_user_id', '=', row.trustor_user_id).executeTakeFirstOrThrow())
  await db.insertInto('identity_trusts').values(row).execute()
}

export function trustQuery(db: Db, filter: { trustor?: string; trustee?: string }) {
  let query = db.selectFrom('identity_trusts').selectAll().orderBy('created_at').orderBy('id')
  if (filter.trustor !== undefined) query = query.where('trustor_user_id', '=', filter.trustor)
  if (filter.trustee !== undefined) query = query.where('trustee_user_id', '=', filter.trustee)
  return query
}

/** Takes away trusts with all that were handed on from them. */
export async function deleteTrusts(db: Db, ids: string[]): Promise<void> {
  for (let level = ids; level.length; ) {
    const next = await db.selectFrom('identity_trusts').select('id').where('redelegated_trust_id', 'in', level).execute()
    await db.deleteFrom('identity_trusts').where('id', 'in', level).execute()
    level = next.map((row) => row.id)
  }
  await changeGeneration(db)
}

/** Counts one use; false when none is left. */
export async function useTrust(db: Db, id: string): Promise<boolean> {
  const result = await db
    .updateTable('identity_trusts')
    .set((eb) => ({ remaining_uses: eb('remaining_uses', '-', 1) }))
    .where('id', '=', id)
    .where((eb) => eb.or([eb('remaining_uses', 'is', null), eb('remaining_uses', '>', 0)]))
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}
