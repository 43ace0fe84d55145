// All SQL on templates besides that on endpoints themselves.
import { changeGeneration } from '../../../auth/store.ts'
import type { Endpoint } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { serviceQuery } from '../service-catalog/store.ts'
import { endpointsAsOne } from './group.ts'
import type { Template } from './view.ts'

/** All endpoints of the catalog, sorted by id: numbers first, in their order. */
export async function allTemplates(db: Db): Promise<Template[]> {
  const services = new Map((await serviceQuery(db).execute()).map((row) => [row.id, row]))
  const found = [...(await endpointsAsOne(db))].flatMap(([id, rows]) => {
    const service = services.get(rows[0]!.service_id)
    return service ? [{ id, rows, service }] : []
  })
  const rank = (id: string) => (/^\d{1,15}$/.test(id) ? id.padStart(15, '0') : `~${id}`)
  return found.sort((a, b) => (rank(a.id) < rank(b.id) ? -1 : 1))
}

export const findTemplate = async (db: Db, id: string): Promise<Template | undefined> =>
  (await allTemplates(db)).find((template) => template.id === id)

/** The service that a template is of: that id, else the one of that type (the cloud's own first). */
export const findServiceOf = (db: Db, type: string | undefined, id: string | undefined) => {
  const query = serviceQuery(db)
  return (id === undefined ? query.where('type', '=', type ?? '') : query.where('id', '=', id))
    .orderBy('managed', 'desc')
    .orderBy('id')
    .executeTakeFirst()
}

/** Makes others who write the catalog wait for this transaction, so that an id that is free now is free at its end. */
export const lockCatalog = changeGeneration

/** Gives an endpoint to a tenant; false when it has it. */
export async function give(db: Db, projectId: string, rows: Endpoint[]): Promise<boolean> {
  const result = await db
    .insertInto('identity_tenant_endpoints')
    .values(rows.map((row) => ({ project_id: projectId, endpoint_id: row.id })))
    .onConflict((c) => c.doNothing())
    .executeTakeFirst()
  await changeGeneration(db)
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function take(db: Db, projectId: string, rows: Endpoint[]): Promise<boolean> {
  const result = await db
    .deleteFrom('identity_tenant_endpoints')
    .where('project_id', '=', projectId)
    .where(
      'endpoint_id',
      'in',
      rows.map((row) => row.id),
    )
    .executeTakeFirst()
  await changeGeneration(db)
  return result.numDeletedRows > 0n
}

/** A row that joins an endpoint is given to those who have it. */
export async function giveToSame(db: Db, from: string, to: string): Promise<void> {
  const holders = await db.selectFrom('identity_tenant_endpoints').select('project_id').where('endpoint_id', '=', from).execute()
  if (holders.length)
    await db
      .insertInto('identity_tenant_endpoints')
      .values(holders.map(({ project_id }) => ({ project_id, endpoint_id: to })))
      .execute()
}

/** The endpoints that a tenant was given. */
export async function templatesOf(db: Db, projectId: string): Promise<Template[]> {
  const given = await db.selectFrom('identity_tenant_endpoints').select('endpoint_id').where('project_id', '=', projectId).execute()
  const ids = new Set(given.map((row) => row.endpoint_id))
  return (await allTemplates(db)).filter(({ rows }) => rows.some((row) => ids.has(row.id)))
}
