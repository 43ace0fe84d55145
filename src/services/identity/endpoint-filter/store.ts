// All SQL on endpoint groups, and on which endpoints a project sees.
import type { EndpointGroupRow } from '../../../auth/delegation-tables.ts'
import { changeGeneration } from '../../../auth/store.ts'
import type { Endpoint } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'

export const findEndpointGroup = (db: Db, id: string) =>
  db.selectFrom('identity_endpoint_groups').selectAll().where('id', '=', id).executeTakeFirst()
export const endpointGroupQuery = (db: Db) => db.selectFrom('identity_endpoint_groups').selectAll()
export const insertEndpointGroup = (db: Db, row: EndpointGroupRow) => db.insertInto('identity_endpoint_groups').values(row).execute()

export async function updateEndpointGroup(db: Db, id: string, changes: Partial<EndpointGroupRow>): Promise<EndpointGroupRow> {
  await db.updateTable('identity_endpoint_groups').set(changes).where('id', '=', id).execute()
  await changeGeneration(db)
  return (await findEndpointGroup(db, id))!
}

export async function deleteEndpointGroup(db: Db, id: string): Promise<void> {
  await db.deleteFrom('identity_project_endpoint_groups').where('endpoint_group_id', '=', id).execute()
  await db.deleteFrom('identity_endpoint_groups').where('id', '=', id).execute()
  await changeGeneration(db)
}

type Table = 'identity_project_endpoints' | 'identity_project_endpoint_groups' | 'identity_tenant_endpoints'
const columns = {
  identity_project_endpoints: 'endpoint_id',
  identity_project_endpoint_groups: 'endpoint_group_id',
  identity_tenant_endpoints: 'endpoint_id',
} as const

export async function link(db: Db, table: Table, projectId: string, id: string): Promise<void> {
  await db
    .insertInto(table)
    .values({ project_id: projectId, [columns[table]]: id } as never)
    .onConflict((c) => c.doNothing())
    .execute()
  await changeGeneration(db)
}

/** False when there was none. */
export async function unlink(db: Db, table: Table, projectId: string, id: string): Promise<boolean> {
  const result = await db
    .deleteFrom(table)
    .where('project_id', '=', projectId)
    .where(columns[table] as never, '=', id as never)
    .executeTakeFirst()
  await changeGeneration(db)
  return result.numDeletedRows > 0n
}

/** Ids that are linked with the project. */
export const linksOf = async (db: Db, table: Table, projectId: string): Promise<string[]> =>
  (await db.selectFrom(table).selectAll().where('project_id', '=', projectId).execute()).map(
    (row) => (row as unknown as Record<string, string>)[columns[table]]!,
  )

/** Ids of the projects that are linked with it. */
export const projectsOf = async (db: Db, table: Table, id: string): Promise<string[]> =>
  (
    await db
      .selectFrom(table)
      .select('project_id')
      .where(columns[table] as never, '=', id as never)
      .execute()
  ).map((row) => row.project_id)

/** Whether an endpoint has all that the group asks for. */
export const isInGroup = (endpoint: Pick<Endpoint, 'service_id' | 'interface' | 'region_id'>, { filters }: EndpointGroupRow): boolean =>
  (['service_id', 'interface', 'region_id'] as const).every((key) => filters[key] === undefined || filters[key] === endpoint[key])

/** What decides whether a project sees an endpoint. */
export type Filtered = Pick<Endpoint, 'id' | 'service_id' | 'interface' | 'region_id' | 'on_request'>

/**
 * Tells which endpoints the project sees: those it is linked with, itself or by a group; while it is linked with none, all but those that
 * are given on request; and those that it was given (OS-KSCATALOG).
 */
export async function endpointFilter(db: Db, projectId: string): Promise<(endpoint: Filtered) => boolean> {
  const [own, groupIds, given] = [
    await linksOf(db, 'identity_project_endpoints', projectId),
    await linksOf(db, 'identity_project_endpoint_groups', projectId),
    await linksOf(db, 'identity_tenant_endpoints', projectId),
  ]
  const groups = groupIds.length ? await endpointGroupQuery(db).where('id', 'in', groupIds).execute() : []
  const isOpen = !own.length && !groupIds.length
  return (endpoint) =>
    given.includes(endpoint.id) ||
    (isOpen ? !endpoint.on_request : own.includes(endpoint.id) || groups.some((group) => isInGroup(endpoint, group)))
}
