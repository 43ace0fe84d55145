// All SQL on identity providers, their protocols and mappings, and on service providers.
import type { MappingRow, ProtocolRow, Provider, ServiceProvider } from '../../../auth/federation-tables.ts'
import { changeGeneration } from '../../../auth/store.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'

export const providerQuery = (db: Db) => db.selectFrom('identity_providers').selectAll()
export const findProvider = (db: Db, id: string) => providerQuery(db).where('id', '=', id).executeTakeFirst()
export const insertProvider = (db: Db, row: Provider) =>
  unique('identity_provider', `ID ${row.id}`, db.insertInto('identity_providers').values(row).execute())

/** What the providers call themselves, by provider. */
export async function remoteIds(db: Db, providerIds: string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>(providerIds.map((id) => [id, []]))
  if (!providerIds.length) return found
  const rows = await db
    .selectFrom('identity_provider_remote_ids')
    .selectAll()
    .where('provider_id', 'in', providerIds)
    .orderBy('remote_id')
    .execute()
  for (const row of rows) found.get(row.provider_id)!.push(row.remote_id)
  return found
}

/** Sets them all; a remote id that is another provider's is a conflict. */
export async function setRemoteIds(db: Db, providerId: string, ids: string[]): Promise<void> {
  await db.deleteFrom('identity_provider_remote_ids').where('provider_id', '=', providerId).execute()
  const values = [...new Set(ids)].map((remote_id) => ({ remote_id, provider_id: providerId }))
  if (values.length)
    await unique(
      'identity_provider',
      `remote_ids ${ids.join(', ')}`,
      db.insertInto('identity_provider_remote_ids').values(values).execute(),
    )
}

/** Writes the changes. A provider that is no longer enabled ends what its users hold. */
export async function updateProvider(db: Db, id: string, changes: Partial<Provider>): Promise<Provider> {
  if (Object.keys(changes).length) await db.updateTable('identity_providers').set(changes).where('id', '=', id).execute()
  if (changes.enabled === false) await endTokensOf(db, id)
  await changeGeneration(db)
  return (await findProvider(db, id))!
}

/** With its protocols and the memberships that it gave. The users stay: what they made and were granted is theirs when it is made again. */
export async function deleteProvider(db: Db, id: string): Promise<void> {
  await endTokensOf(db, id)
  await db.deleteFrom('identity_expiring_members').where('provider_id', '=', id).execute()
  await db.deleteFrom('identity_federated_users').where('provider_id', '=', id).execute()
  await db.deleteFrom('identity_protocols').where('provider_id', '=', id).execute()
  await db.deleteFrom('identity_provider_remote_ids').where('provider_id', '=', id).execute()
  await db.deleteFrom('identity_providers').where('id', '=', id).execute()
  await changeGeneration(db)
}

/** Those whose users are in that domain. */
export async function deleteProvidersOf(db: Db, domainId: string): Promise<void> {
  const rows = await db.selectFrom('identity_providers').select('id').where('domain_id', '=', domainId).execute()
  for (const { id } of rows) await deleteProvider(db, id)
}

/** Tokens of the provider's users, and what they delegated, are void for ever. */
const endTokensOf = (db: Db, providerId: string, protocolId?: string) =>
  db
    .updateTable('identity_users')
    .set((eb) => ({ token_epoch: eb('token_epoch', '+', 1) }))
    .where('id', 'in', (eb) => {
      const users = eb.selectFrom('identity_federated_users').select('user_id').where('provider_id', '=', providerId)
      return protocolId === undefined ? users : users.where('protocol_id', '=', protocolId)
    })
    .execute()

export const protocolQuery = (db: Db, providerId: string) =>
  db.selectFrom('identity_protocols').selectAll().where('provider_id', '=', providerId)
export const findProtocol = (db: Db, providerId: string, id: string) =>
  protocolQuery(db, providerId).where('id', '=', id).executeTakeFirst()
export const insertProtocol = (db: Db, row: ProtocolRow) =>
  unique('federation_protocol', `ID ${row.id}`, db.insertInto('identity_protocols').values(row).execute())
export async function updateProtocol(db: Db, row: ProtocolRow, changes: Partial<ProtocolRow>): Promise<ProtocolRow> {
  if (Object.keys(changes).length)
    await db.updateTable('identity_protocols').set(changes).where('provider_id', '=', row.provider_id).where('id', '=', row.id).execute()
  return (await findProtocol(db, row.provider_id, row.id))!
}
/** The tokens that came by it end for ever: one of the same name may be another one. */
export async function deleteProtocol(db: Db, row: ProtocolRow): Promise<void> {
  await endTokensOf(db, row.provider_id, row.id)
  await db.deleteFrom('identity_protocols').where('provider_id', '=', row.provider_id).where('id', '=', row.id).execute()
  await changeGeneration(db)
}
/** Ids of the enabled providers that have a protocol of that name. */
export const providersWith = async (db: Db, protocolId: string): Promise<string[]> =>
  (
    await db
      .selectFrom('identity_providers as provider')
      .innerJoin('identity_protocols as protocol', 'protocol.provider_id', 'provider.id')
      .select('provider.id')
      .where('protocol.id', '=', protocolId)
      .where('provider.enabled', '=', true)
      .orderBy('provider.id')
      .execute()
  ).map((row) => row.id)

export const mappingQuery = (db: Db) => db.selectFrom('identity_mappings').selectAll()
export const findMapping = (db: Db, id: string) => mappingQuery(db).where('id', '=', id).executeTakeFirst()
export const insertMapping = (db: Db, row: MappingRow) =>
  unique('mapping', `ID ${row.id}`, db.insertInto('identity_mappings').values(row).execute())
export async function updateMapping(db: Db, id: string, changes: Partial<MappingRow>): Promise<MappingRow> {
  await db.updateTable('identity_mappings').set(changes).where('id', '=', id).execute()
  return (await findMapping(db, id))!
}
export const deleteMapping = (db: Db, id: string) => db.deleteFrom('identity_mappings').where('id', '=', id).execute()

export const serviceProviderQuery = (db: Db) => db.selectFrom('identity_service_providers').selectAll()
export const findServiceProvider = (db: Db, id: string) => serviceProviderQuery(db).where('id', '=', id).executeTakeFirst()
export async function insertServiceProvider(db: Db, row: ServiceProvider): Promise<void> {
  await unique('service_provider', `ID ${row.id}`, db.insertInto('identity_service_providers').values(row).execute())
  await changeGeneration(db)
}
export async function updateServiceProvider(db: Db, id: string, changes: Partial<ServiceProvider>): Promise<ServiceProvider> {
  if (Object.keys(changes).length) await db.updateTable('identity_service_providers').set(changes).where('id', '=', id).execute()
  await changeGeneration(db)
  return (await findServiceProvider(db, id))!
}
export async function deleteServiceProvider(db: Db, id: string): Promise<void> {
  await db.deleteFrom('identity_service_providers').where('id', '=', id).execute()
  await changeGeneration(db)
}
/** As tokens show them. */
export const enabledServiceProviders = (db: Db) =>
  db.selectFrom('identity_service_providers').select(['id', 'auth_url', 'sp_url']).where('enabled', '=', true).orderBy('id').execute()
