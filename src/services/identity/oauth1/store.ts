// All SQL on consumers and their tokens.
import { createHash } from 'node:crypto'
import type { AccessTokenRow, ConsumerRow, RequestTokenRow } from '../../../auth/delegation-tables.ts'
import { changeGeneration } from '../../../auth/store.ts'
import type { Db } from '../../../db/database.ts'

export const findConsumer = (db: Db, id: string) => db.selectFrom('identity_consumers').selectAll().where('id', '=', id).executeTakeFirst()
export const consumerQuery = (db: Db) => db.selectFrom('identity_consumers').selectAll()
export const insertConsumer = (db: Db, row: ConsumerRow) => db.insertInto('identity_consumers').values(row).execute()
export const updateConsumer = (db: Db, id: string, changes: Partial<ConsumerRow>) =>
  db.updateTable('identity_consumers').set(changes).where('id', '=', id).execute()

/** With all its tokens, and those of identity that were got by them. */
export async function deleteConsumer(db: Db, id: string): Promise<void> {
  await db.deleteFrom('identity_request_tokens').where('consumer_id', '=', id).execute()
  await db.deleteFrom('identity_access_tokens').where('consumer_id', '=', id).execute()
  await db.deleteFrom('identity_consumers').where('id', '=', id).execute()
  await changeGeneration(db)
}

export const findRequestToken = (db: Db, id: string) =>
  db.selectFrom('identity_request_tokens').selectAll().where('id', '=', id).executeTakeFirst()

/** Those that have expired go. */
export async function insertRequestToken(db: Db, row: RequestTokenRow, now: string): Promise<void> {
  await db.deleteFrom('identity_request_tokens').where('expires_at', '<', now).execute()
  await db.insertInto('identity_request_tokens').values(row).execute()
}

/** Once; false when somebody did already. */
export async function authorizeRequestToken(
  db: Db,
  id: string,
  by: { authorizing_user_id: string; role_ids: string[]; verifier: string },
): Promise<boolean> {
  const result = await db
    .updateTable('identity_request_tokens')
    .set(by)
    .where('id', '=', id)
    .where('authorizing_user_id', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** The request token becomes the access token; false when it was used meanwhile. */
export async function exchangeToken(db: Db, requestId: string, row: AccessTokenRow): Promise<boolean> {
  const result = await db.deleteFrom('identity_request_tokens').where('id', '=', requestId).executeTakeFirst()
  if (result.numDeletedRows !== 1n) return false
  await db.insertInto('identity_access_tokens').values(row).execute()
  return true
}

export const findAccessToken = (db: Db, id: string) =>
  db.selectFrom('identity_access_tokens').selectAll().where('id', '=', id).executeTakeFirst()
export const accessTokenQuery = (db: Db, userId: string) =>
  db.selectFrom('identity_access_tokens').selectAll().where('authorizing_user_id', '=', userId)

export async function deleteAccessToken(db: Db, id: string): Promise<void> {
  await db.deleteFrom('identity_access_tokens').where('id', '=', id).execute()
  await changeGeneration(db)
}

/** False when it was used before. Those older than `keepMs` go. */
export async function useNonce(db: Db, parts: string[], now: number, keepMs: number): Promise<boolean> {
  await db
    .deleteFrom('identity_used_nonces')
    .where('used_at', '<', now - keepMs)
    .execute()
  const nonce = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  const result = await db
    .insertInto('identity_used_nonces')
    .values({ nonce, used_at: now })
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}
