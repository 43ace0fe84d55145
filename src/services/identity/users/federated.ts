// The identities of elsewhere that are a user's: those that a login made, and those that were given to the user before any login.
import { type Static, Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { Closed } from '../../../api/types.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import type { User } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'
import { inChunks } from '../chunks.ts'
import { findProtocol, findProvider } from '../federation/store.ts'
import { updateUser } from './store.ts'

const Word = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const Protocol = Closed({ protocol_id: Word, unique_id: Word })
export const Federated = Type.Array(Closed({ idp_id: Word, protocols: Type.Array(Protocol, { minItems: 1, maxItems: 20 }) }), {
  maxItems: 20,
})
export type FederatedObjects = Static<typeof Federated>

interface Identity {
  provider_id: string
  protocol_id: string
  unique_id: string
}

/** By user, as the API shows them; users who have none are not in it. */
export async function federatedOf(db: Db, userIds: string[]): Promise<Map<string, FederatedObjects>> {
  const found = new Map<string, FederatedObjects>()
  // Most clouds have none at all, and a list may be long.
  if (userIds.length > 1 && !(await db.selectFrom('identity_federated_users').select('user_id').limit(1).executeTakeFirst())) return found
  for (const part of inChunks(userIds)) {
    const rows = await db
      .selectFrom('identity_federated_users')
      .selectAll()
      .where('user_id', 'in', part)
      .orderBy('provider_id')
      .orderBy('protocol_id')
      .orderBy('unique_id')
      .execute()
    for (const { user_id, provider_id: idp_id, protocol_id, unique_id } of rows) {
      const objects = found.get(user_id) ?? []
      found.set(user_id, objects)
      const last = objects.at(-1)
      if (last?.idp_id === idp_id) last.protocols.push({ protocol_id, unique_id })
      else objects.push({ idp_id, protocols: [{ protocol_id, unique_id }] })
    }
  }
  return found
}

/** Users with such an identity: by provider, protocol, what the provider calls them, or several of these. */
export function whoseIdentity<Query extends { where(column: 'id', is: 'in', ids: never): Query }>(
  query: Query,
  search: URLSearchParams,
): Query {
  const columns = { idp_id: 'provider_id', protocol_id: 'protocol_id', unique_id: 'unique_id' } as const
  const asked = (Object.keys(columns) as (keyof typeof columns)[]).filter((name) => search.has(name))
  if (!asked.length) return query
  const ids = (eb: { selectFrom: Db['selectFrom'] }) => {
    let wanted = eb.selectFrom('identity_federated_users').select('user_id')
    for (const name of asked) wanted = wanted.where(columns[name], 'in', search.getAll(name))
    return wanted
  }
  return query.where('id', 'in', ids as never)
}

/** Throws 400 for an identity that no login could bring: its provider or protocol is not there, or looks for its users in another domain. */
async function ensureBrings(db: Db, { provider_id, protocol_id }: Identity, domainId: string): Promise<void> {
  const provider = await findProvider(db, provider_id)
  if (!provider) throw badRequest(`Could not find Identity Provider: ${provider_id}.`)
  if (!(await findProtocol(db, provider_id, protocol_id)))
    throw badRequest(`Could not find federated protocol ${protocol_id} for Identity Provider: ${provider_id}.`)
  if (provider.domain_id !== domainId) throw badRequest(`The users of the identity provider ${provider_id} are of another domain.`)
}

/**
 * Makes these the user's identities. Those that stay are left as a login made them; one that goes ends all the user's tokens. Throws 400
 * for one that no login could bring, 409 for one that is somebody else's.
 */
export async function setFederated(db: Db, user: User, objects: FederatedObjects, now: string): Promise<void> {
  const key = ({ provider_id, protocol_id, unique_id }: Identity) => JSON.stringify([provider_id, protocol_id, unique_id])
  const flat = (list: FederatedObjects) =>
    new Map(
      list.flatMap(({ idp_id, protocols }) =>
        protocols.map(({ protocol_id, unique_id }) => {
          const identity: Identity = { provider_id: idp_id, protocol_id, unique_id }
          return [key(identity), identity] as const
        }),
      ),
    )
  const wanted = flat(objects)
  const had = flat((await federatedOf(db, [user.id])).get(user.id) ?? [])
  for (const [name, { provider_id, protocol_id, unique_id }] of had) {
    if (wanted.has(name)) continue
    await db
      .deleteFrom('identity_federated_users')
      .where('provider_id', '=', provider_id)
      .where('protocol_id', '=', protocol_id)
      .where('unique_id', '=', unique_id)
      .execute()
  }
  for (const [name, identity] of wanted) {
    if (had.has(name)) continue
    await ensureBrings(db, identity, user.domain_id)
    // Without a display name: name and address of such a user are what an administrator wrote, whatever a login brings.
    const row = { ...identity, user_id: user.id, display_name: null, last_seen_at: now }
    await unique('federated_user', `unique ID ${identity.unique_id}`, db.insertInto('identity_federated_users').values(row).execute())
  }
  if ([...had.keys()].every((name) => wanted.has(name))) return
  await noteRevocation(db, now, { user_id: user.id })
  await updateUser(db, user, {}, true)
}
