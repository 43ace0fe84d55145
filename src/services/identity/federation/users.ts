// Users who came by an identity provider have a row like all others, so that they can be granted roles; it is made at their first login.
import { createHash } from 'node:crypto'
import { newUser } from '../../../auth/rows.ts'
import { changeGeneration, findUser, laterEpoch } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { insertUser, updateUser } from '../users/store.ts'

export interface Login {
  providerId: string
  protocolId: string
  /** What the provider calls the user. */
  uniqueId: string
  displayName: string
  email: string | null
  domainId: string
}

/** The same for the same user at every login, whatever happened to the row in between; never that of a local user. */
export const federatedUserId = ({ domainId, providerId, protocolId, uniqueId }: Login): string =>
  createHash('sha256')
    .update(JSON.stringify([domainId, providerId, protocolId, uniqueId]))
    .digest('hex')

const isNamed = async (db: Db, domainId: string, name: string, except: string) =>
  (await db
    .selectFrom('identity_users')
    .select('id')
    .where('domain_id', '=', domainId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()) !== undefined

/** The display name where nobody else in the domain has it: a login takes no name from a local user, nor from another login. */
async function freeName(db: Db, { domainId, displayName, uniqueId }: Login, id: string): Promise<string> {
  const short = displayName.slice(0, 255)
  if (!(await isNamed(db, domainId, short, id))) return short
  const longer = `${displayName.slice(0, 100)} (${uniqueId.slice(0, 100)})`
  return (await isNamed(db, domainId, longer, id)) ? `${displayName.slice(0, 180)} (${id})` : longer
}

const findLink = (db: Db, login: Login) =>
  db
    .selectFrom('identity_federated_users')
    .selectAll()
    .where('provider_id', '=', login.providerId)
    .where('protocol_id', '=', login.protocolId)
    .where('unique_id', '=', login.uniqueId)
    .executeTakeFirst()

/** An administrator gave the identity to a user who was here: name and address are not the login's to change. */
const isGiven = (link: { display_name: string | null } | undefined) => link?.display_name === null

/** The row, when it is there and says what the login says: then nothing has to be written. */
export async function knownFederatedUser(db: Db, login: Login): Promise<User | null> {
  const link = await findLink(db, login)
  const user = link && (await findUser(db, link.user_id))
  if (!link || user?.domain_id !== login.domainId) return null
  return isGiven(link) || (link.display_name === login.displayName && user.email === login.email) ? user : null
}

/** Makes the row, or brings it up to date. */
export async function writeFederatedUser(db: Db, login: Login, now: string): Promise<User> {
  const { providerId: provider_id, protocolId: protocol_id, uniqueId: unique_id, displayName: display_name, email } = login
  const link = await findLink(db, login)
  const linked = link && (await findUser(db, link.user_id))
  const id = linked && linked.domain_id === login.domainId ? linked.id : federatedUserId(login)
  if (linked?.id === id && isGiven(link)) return linked
  const before = await findUser(db, id)
  const name = before && link?.display_name === display_name ? before.name : await freeName(db, login, id)
  if (before) {
    if (before.name !== name || before.email !== email) await updateUser(db, before, { name, email }, false)
  } else {
    const token_epoch = await laterEpoch(db)
    await insertUser(db, newUser({ id, name, domain_id: login.domainId, email, token_epoch, created_at: now }) as User)
  }
  const row = { user_id: id, display_name, last_seen_at: now }
  await db
    .insertInto('identity_federated_users')
    .values({ provider_id, protocol_id, unique_id, ...row })
    .onConflict((c) => c.columns(['provider_id', 'protocol_id', 'unique_id']).doUpdateSet(row))
    .execute()
  return (await findUser(db, id))!
}

/** The groups of this login count until then, for all that the user does; those of the provider that it did not bring end. Times in ms. */
export async function renewMemberships(
  db: Db,
  { userId, providerId, groupIds, until, now }: { userId: string; providerId: string; groupIds: string[]; until: number; now: number },
): Promise<void> {
  await db.deleteFrom('identity_expiring_members').where('expires_at', '<=', now).execute()
  await db.deleteFrom('identity_expiring_members').where('user_id', '=', userId).where('provider_id', '=', providerId).execute()
  if (groupIds.length && until > now)
    await db
      .insertInto('identity_expiring_members')
      .values(groupIds.map((group_id) => ({ user_id: userId, group_id, provider_id: providerId, expires_at: until })))
      .execute()
  await changeGeneration(db)
}
