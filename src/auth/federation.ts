// What a token of a federated user is worth: as long as the provider that vouched for the user and the protocol are there and enabled.
import type { Db } from '../db/database.ts'
import './federation-tables.ts'

/** What a token says of the login that it came from: all else is looked up at each use. */
export interface Federation {
  providerId: string
  protocolId: string
  /** The groups that the mapping gave, for as long as the token lives. */
  groupIds: string[]
}

/** True while the provider is enabled and still has the protocol. */
export async function isVouchedFor(db: Db, { providerId, protocolId }: Federation): Promise<boolean> {
  const row = await db
    .selectFrom('identity_providers as provider')
    .innerJoin('identity_protocols as protocol', 'protocol.provider_id', 'provider.id')
    .select('provider.enabled')
    .where('provider.id', '=', providerId)
    .where('protocol.id', '=', protocolId)
    .executeTakeFirst()
  return row?.enabled === true
}

/** Memberships that a login gave for a while and that still count at `now` (ms). */
export const expiringMemberships = (db: Db, userId: string, now: number) =>
  db
    .selectFrom('identity_expiring_members as member')
    .innerJoin('identity_providers as provider', 'provider.id', 'member.provider_id')
    .select(['member.group_id', 'member.expires_at'])
    .where('member.user_id', '=', userId)
    .where('member.expires_at', '>', now)
    .where('provider.enabled', '=', true)
    .execute()
