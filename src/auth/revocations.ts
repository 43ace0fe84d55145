// What ended tokens, written down for OS-REVOKE. Tokens themselves do not go by it: each is looked up when it is used.
import type { Db } from '../db/database.ts'
import type { RevocationEventRow } from './tables.ts'

export type RevocationCause = Partial<Omit<RevocationEventRow, 'id' | 'revoked_at'>>

/** As long as a token of usual life could be asked for, and then some. */
const keptMs = 31 * 86_400_000

/** Tells of an end in the transaction that makes it: all tokens to which the cause applies are void from `now` (ISO) on. Old events are swept away. */
export async function noteRevocation(db: Db, now: string, cause: RevocationCause): Promise<void> {
  await db
    .deleteFrom('identity_revocation_events')
    .where('revoked_at', '<', new Date(Date.parse(now) - keptMs).toISOString())
    .execute()
  const none = { user_id: null, project_id: null, domain_id: null, role_id: null, audit_id: null, audit_chain_id: null }
  await db
    .insertInto('identity_revocation_events')
    .values({
      ...none,
      trust_id: null,
      consumer_id: null,
      access_token_id: null,
      ...cause,
      id: `${now} ${JSON.stringify(cause)}`,
      revoked_at: now,
    })
    .onConflict((c) => c.column('id').doNothing())
    .execute()
}

/** Since that time (ISO), the oldest first. */
export function revocations(db: Db, since: string | null): Promise<RevocationEventRow[]> {
  const query = db.selectFrom('identity_revocation_events').selectAll()
  return (since === null ? query : query.where('revoked_at', '>=', since)).orderBy('revoked_at').orderBy('id').execute()
}
