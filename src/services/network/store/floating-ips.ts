// All queries on floating IPs.
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { FloatingIpRow } from '../tables.ts'
import type { Viewer } from '../wire/actor.ts'

export type FloatingIp = Selectable<FloatingIpRow>

/** Own ones; all for administrators. */
export const visibleFloatingIps = (db: Db, { seesAll, projectId }: Viewer) => {
  const all = db.selectFrom('network_floating_ips').selectAll()
  return seesAll ? all : all.where('project_id', '=', projectId)
}

export const findVisibleFloatingIp = (db: Db, viewer: Viewer, id: string): Promise<FloatingIp | undefined> =>
  visibleFloatingIps(db, viewer).where('id', '=', id).executeTakeFirst()

export const floatingIpsOfPorts = (db: Db, portIds: string[]): Promise<FloatingIp[]> =>
  portIds.length ? db.selectFrom('network_floating_ips').selectAll().where('port_id', 'in', portIds).execute() : Promise.resolve([])

export const floatingIpsOfRouter = (db: Db, routerId: string): Promise<FloatingIp[]> =>
  db.selectFrom('network_floating_ips').selectAll().where('router_id', '=', routerId).orderBy('id').execute()

export const floatingIpsOfNetwork = (db: Db, networkId: string): Promise<FloatingIp[]> =>
  db.selectFrom('network_floating_ips').selectAll().where('floating_network_id', '=', networkId).execute()

export const insertFloatingIp = (db: Db, row: Insertable<FloatingIpRow>): Promise<FloatingIp> =>
  db.insertInto('network_floating_ips').values(row).returningAll().executeTakeFirstOrThrow()

export const updateFloatingIp = (db: Db, id: string, changes: Updateable<FloatingIpRow>, now: string): Promise<FloatingIp> =>
  db
    .updateTable('network_floating_ips')
    .set((eb) => ({ ...changes, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

/** The floating IP as it is when all who change it at the same time are done; it stays so until the transaction ends. Undefined when it is gone. */
export const lockFloatingIp = (db: Db, id: string): Promise<FloatingIp | undefined> =>
  db.updateTable('network_floating_ips').set({ id }).where('id', '=', id).returningAll().executeTakeFirst()

/** What was removed; undefined when another request was first. */
export const deleteFloatingIpRow = (db: Db, id: string): Promise<FloatingIp | undefined> =>
  db.deleteFrom('network_floating_ips').where('id', '=', id).returningAll().executeTakeFirst()

/** What a floating IP is when it is on no port. */
export const unassociated = { port_id: null, fixed_ip_address: null, router_id: null }
