// All SQL on registered limits and limits. '' stands for no region, no project, no domain.
import type { LimitRow, RegisteredLimitRow } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { unique } from '../attributes.ts'

/** A limit together with what it is a limit of. */
export type Limit = LimitRow & Pick<RegisteredLimitRow, 'service_id' | 'region_id' | 'resource_name'>
type Key = Pick<RegisteredLimitRow, 'service_id' | 'region_id' | 'resource_name'>

export const registeredLimitQuery = (db: Db) => db.selectFrom('identity_registered_limits').selectAll()
export const findRegisteredLimit = (db: Db, id: string) => registeredLimitQuery(db).where('id', '=', id).executeTakeFirst()
export const insertRegisteredLimit = (db: Db, row: RegisteredLimitRow) =>
  unique('registered_limit', `resource_name ${row.resource_name}`, db.insertInto('identity_registered_limits').values(row).execute())

export async function updateRegisteredLimit(db: Db, id: string, changes: Partial<RegisteredLimitRow>): Promise<RegisteredLimitRow> {
  if (Object.keys(changes).length)
    await unique(
      'registered_limit',
      `resource_name ${changes.resource_name}`,
      db.updateTable('identity_registered_limits').set(changes).where('id', '=', id).execute(),
    )
  return (await findRegisteredLimit(db, id))!
}

export const deleteRegisteredLimit = (db: Db, id: string) => db.deleteFrom('identity_registered_limits').where('id', '=', id).execute()

export const registeredLimitOf = (db: Db, key: Key) =>
  registeredLimitQuery(db)
    .where('service_id', '=', key.service_id)
    .where('region_id', '=', key.region_id)
    .where('resource_name', '=', key.resource_name)
    .executeTakeFirst()

/**
 * The registered limit of that key, held until the transaction ends: limits below it are then made and changed one after the other,
 * so that none is checked against what another is just changing.
 */
export async function holdRegisteredLimit(db: Db, key: Key): Promise<RegisteredLimitRow | undefined> {
  // Written, not read for update: one statement for both databases.
  await db
    .updateTable('identity_registered_limits')
    .set((eb) => ({ resource_name: eb.ref('resource_name') }))
    .where('service_id', '=', key.service_id)
    .where('region_id', '=', key.region_id)
    .where('resource_name', '=', key.resource_name)
    .execute()
  return registeredLimitOf(db, key)
}

export async function isLimited(db: Db, registeredLimitId: string): Promise<boolean> {
  const row = await db.selectFrom('identity_limits').select('id').where('registered_limit_id', '=', registeredLimitId).executeTakeFirst()
  return row !== undefined
}

/** Limits with service, region and resource, as one table to filter. */
export const limitQuery = (db: Db) =>
  db
    .selectFrom((from) =>
      from
        .selectFrom('identity_limits as l')
        .innerJoin('identity_registered_limits as r', 'r.id', 'l.registered_limit_id')
        .selectAll('l')
        .select(['r.service_id', 'r.region_id', 'r.resource_name'])
        .as('limits'),
    )
    .selectAll()

export const findLimit = (db: Db, id: string): Promise<Limit | undefined> => limitQuery(db).where('id', '=', id).executeTakeFirst()
export const insertLimit = (db: Db, row: LimitRow) =>
  unique('limit', `${row.project_id || row.domain_id}`, db.insertInto('identity_limits').values(row).execute())
export const updateLimit = (db: Db, id: string, changes: Partial<LimitRow>) =>
  db.updateTable('identity_limits').set(changes).where('id', '=', id).execute()
export const deleteLimit = (db: Db, id: string) => db.deleteFrom('identity_limits').where('id', '=', id).execute()

/** The limits of one resource, of some projects and one domain. */
export const limitsOf = (db: Db, registeredLimitId: string, owners: { projectIds?: string[]; domainId?: string }) =>
  db
    .selectFrom('identity_limits')
    .selectAll()
    .where('registered_limit_id', '=', registeredLimitId)
    .where((eb) =>
      eb.or([
        eb('project_id', 'in', owners.projectIds?.length ? owners.projectIds : ['-']),
        eb.and([eb('domain_id', '<>', ''), eb('domain_id', '=', owners.domainId ?? '-')]),
      ]),
    )
    .execute()

/** With projects and domains go their limits. */
export async function deleteLimitsOf(db: Db, ids: string[]): Promise<void> {
  await db.deleteFrom('identity_limits').where('project_id', 'in', ids).execute()
  await db.deleteFrom('identity_limits').where('domain_id', 'in', ids).execute()
}
