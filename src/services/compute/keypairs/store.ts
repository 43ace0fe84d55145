import type { Selectable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import './tables.ts'
import type { KeypairRow } from './tables.ts'

export type Keypair = Selectable<KeypairRow>

export const keypairsOf = (db: Db, userId: string) =>
  db.selectFrom('compute_keypairs').selectAll().where('user_id', '=', userId).orderBy('name').execute()

export const findKeypair = (db: Db, userId: string, name: string) =>
  db.selectFrom('compute_keypairs').selectAll().where('user_id', '=', userId).where('name', '=', name).executeTakeFirst()

export const insertKeypair = (db: Db, row: Omit<Keypair, 'seq'>) =>
  db.insertInto('compute_keypairs').values(row).returningAll().executeTakeFirstOrThrow()

/** False when it is gone already. */
export const deleteKeypair = async (db: Db, seq: number): Promise<boolean> =>
  (await db.deleteFrom('compute_keypairs').where('seq', '=', seq).executeTakeFirst()).numDeletedRows === 1n

export async function keypairCount(db: Db, userId: string): Promise<number> {
  const row = await db
    .selectFrom('compute_keypairs')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  return Number(row.count)
}
