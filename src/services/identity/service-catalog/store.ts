// All SQL on services, endpoints and regions.
import { changeGeneration } from '../../../auth/store.ts'
import type { Endpoint, RegionRow, Service } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'
import { dropAssociations } from '../policies/store.ts'

export const findService = (db: Db, id: string) => db.selectFrom('identity_services').selectAll().where('id', '=', id).executeTakeFirst()
export const serviceQuery = (db: Db) => db.selectFrom('identity_services').selectAll()

export async function insertService(db: Db, row: Service): Promise<void> {
  await db.insertInto('identity_services').values(row).execute()
  await changeGeneration(db)
}

export async function updateService(db: Db, id: string, changes: Partial<Service>): Promise<Service> {
  await db.updateTable('identity_services').set(changes).where('id', '=', id).execute()
  await changeGeneration(db)
  return (await findService(db, id))!
}

/** Takes away a service with its endpoints. */
export async function deleteService(db: Db, id: string): Promise<void> {
  const rows = await db.selectFrom('identity_endpoints').select('id').where('service_id', '=', id).execute()
  if (rows.length)
    await deleteEndpoints(
      db,
      rows.map((row) => row.id),
    )
  await dropAssociations(db, 'service_id', [id])
  await db.deleteFrom('identity_services').where('id', '=', id).execute()
  await changeGeneration(db)
}

export const findEndpoint = (db: Db, id: string) => db.selectFrom('identity_endpoints').selectAll().where('id', '=', id).executeTakeFirst()
export const endpointQuery = (db: Db) => db.selectFrom('identity_endpoints').selectAll()

export async function insertEndpoint(db: Db, row: Endpoint): Promise<void> {
  await db.insertInto('identity_endpoints').values(row).execute()
  await changeGeneration(db)
}

export async function updateEndpoint(db: Db, id: string, changes: Partial<Endpoint>): Promise<Endpoint> {
  await db.updateTable('identity_endpoints').set(changes).where('id', '=', id).execute()
  await changeGeneration(db)
  return (await findEndpoint(db, id))!
}

export async function deleteEndpoints(db: Db, ids: string[]): Promise<void> {
  await db.deleteFrom('identity_project_endpoints').where('endpoint_id', 'in', ids).execute()
  await db.deleteFrom('identity_tenant_endpoints').where('endpoint_id', 'in', ids).execute()
  await dropAssociations(db, 'endpoint_id', ids)
  await db.deleteFrom('identity_endpoints').where('id', 'in', ids).execute()
  await changeGeneration(db)
}

export const findRegion = (db: Db, id: string) => db.selectFrom('identity_regions').selectAll().where('id', '=', id).executeTakeFirst()
export const regionQuery = (db: Db) => db.selectFrom('identity_regions').selectAll()
export const insertRegion = (db: Db, row: RegionRow) =>
  unique('region', `ID ${row.id}`, db.insertInto('identity_regions').values(row).execute())

/** Makes the region when it is not there: the older way to name one with an endpoint. */
export async function ensureRegion(db: Db, id: string, now: string): Promise<void> {
  await db
    .insertInto('identity_regions')
    .values({ id, description: '', parent_region_id: null, extra: {}, created_at: now })
    .onConflict((c) => c.doNothing())
    .execute()
}

export async function updateRegion(db: Db, id: string, changes: Partial<RegionRow>): Promise<RegionRow> {
  await db.updateTable('identity_regions').set(changes).where('id', '=', id).execute()
  return (await findRegion(db, id))!
}

export const hasChildRegions = async (db: Db, id: string) =>
  (await db.selectFrom('identity_regions').select('id').where('parent_region_id', '=', id).limit(1).executeTakeFirst()) !== undefined
export const hasEndpoints = async (db: Db, regionId: string) =>
  (await db.selectFrom('identity_endpoints').select('id').where('region_id', '=', regionId).limit(1).executeTakeFirst()) !== undefined
export async function deleteRegion(db: Db, id: string): Promise<void> {
  await dropAssociations(db, 'region_id', [id])
  await db.deleteFrom('identity_regions').where('id', '=', id).execute()
}
