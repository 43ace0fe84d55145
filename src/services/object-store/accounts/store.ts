import type { Db } from '../../../db/database.ts'
import { prepared } from '../storage/prepared.ts'
import type { Account, Headers } from '../tables.ts'

const byName = prepared<Account>((db) => db.selectFrom('object_store_accounts').selectAll().where('account', '=', ''))
export const findAccount = async (db: Db, account: string): Promise<Account | undefined> => (await byName(db, [account]))[0]

/** The account, made when it is not there yet. */
export async function ensureAccount(db: Db, account: string, at: number): Promise<Account> {
  const known = await findAccount(db, account)
  if (known) return known
  await db
    .insertInto('object_store_accounts')
    .values({ account, metadata: {}, made_at: at, changed_at: at })
    .onConflict((c) => c.column('account').doNothing())
    .execute()
  return (await findAccount(db, account))!
}

export const setAccountMetadata = (db: Db, account: string, metadata: Headers, at: number) =>
  db.updateTable('object_store_accounts').set({ metadata, changed_at: at }).where('account', '=', account).execute()

/** Adds to what the account is said to hold; gives what its quota needs to be checked. */
export const countInAccount = async (
  db: Db,
  account: string,
  change: { containers?: number; objects?: number; bytes?: number },
): Promise<Pick<Account, 'metadata' | 'bytes_used'> | undefined> =>
  (await add(db, [change.containers ?? 0, change.objects ?? 0, change.bytes ?? 0, account]))[0]
const add = prepared<Pick<Account, 'metadata' | 'bytes_used'>>((db) =>
  db
    .updateTable('object_store_accounts')
    .set((eb) => ({ containers: eb('containers', '+', 0), objects: eb('objects', '+', 0), bytes_used: eb('bytes_used', '+', 0) }))
    .where('account', '=', '')
    .returning(['metadata', 'bytes_used']),
)

export const removeAccount = (db: Db, account: string) => db.deleteFrom('object_store_accounts').where('account', '=', account).execute()
