// All queries on networks. What a project may not see is not found.
import type { ExpressionBuilder, Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { Tables } from '../../../db/tables.ts'
import type { NetworkRow } from '../tables.ts'
import type { Viewer } from '../wire/actor.ts'

export type Network = Selectable<NetworkRow>

const visible =
  ({ seesAll, projectId }: Viewer) =>
  (eb: ExpressionBuilder<Tables, 'network_networks'>) =>
    seesAll ? eb.lit(true) : eb.or([eb('project_id', '=', projectId), eb('shared', '=', true), eb('external', '=', true)])

/** Own, shared and external networks; all for administrators. */
export const visibleNetworks = (db: Db, viewer: Viewer) => db.selectFrom('network_networks').selectAll().where(visible(viewer))

export const findVisibleNetwork = (db: Db, viewer: Viewer, id: string): Promise<Network | undefined> =>
  visibleNetworks(db, viewer).where('id', '=', id).executeTakeFirst()

export const findNetwork = (db: Db, id: string): Promise<Network | undefined> =>
  db.selectFrom('network_networks').selectAll().where('id', '=', id).executeTakeFirst()

export const findNetworks = (db: Db, ids: string[]): Promise<Network[]> =>
  db.selectFrom('network_networks').selectAll().where('id', 'in', ids).execute()

/** Networks on which a project's servers may be put without being asked: its own and shared ones. */
export const networksForServers = (db: Db, projectId: string): Promise<Network[]> =>
  db
    .selectFrom('network_networks')
    .selectAll()
    .where((eb) => eb.or([eb('project_id', '=', projectId), eb('shared', '=', true)]))
    .where('external', '=', false)
    .orderBy('created_at')
    .execute()

export const insertNetwork = (db: Db, row: Insertable<NetworkRow>): Promise<Network> =>
  db.insertInto('network_networks').values(row).returningAll().executeTakeFirstOrThrow()

export const updateNetwork = (db: Db, id: string, changes: Updateable<NetworkRow>, now: string): Promise<Network> =>
  db
    .updateTable('network_networks')
    .set((eb) => ({ ...changes, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

export const deleteNetwork = (db: Db, id: string) => db.deleteFrom('network_networks').where('id', '=', id).execute()

/** Ids of the subnets of each network. */
export async function subnetIdsOf(db: Db, networkIds: string[]): Promise<Map<string, string[]>> {
  const map = new Map<string, string[]>(networkIds.map((id) => [id, []]))
  if (!networkIds.length) return map
  const rows = await db
    .selectFrom('network_subnets')
    .select(['id', 'network_id'])
    .where('network_id', 'in', networkIds)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  for (const row of rows) map.get(row.network_id)!.push(row.id)
  return map
}

/** Networks that have (or, with false, have not) one of those subnets. */
export const withSubnets = (db: Db, subnetIds: string[]) =>
  db.selectFrom('network_subnets').select('network_id').where('id', 'in', subnetIds)
