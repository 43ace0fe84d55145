// All queries on routers; their interfaces are ports.
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { RouterRow } from '../tables.ts'
import type { Viewer } from '../wire/actor.ts'
import type { Port } from './ports.ts'

export type Router = Selectable<RouterRow>

export const interfaceOwner = 'network:router_interface'
export const gatewayOwner = 'network:router_gateway'

/** Own ones; all for administrators. */
export const visibleRouters = (db: Db, { seesAll, projectId }: Viewer) => {
  const all = db.selectFrom('network_routers').selectAll()
  return seesAll ? all : all.where('project_id', '=', projectId)
}

export const findVisibleRouter = (db: Db, viewer: Viewer, id: string): Promise<Router | undefined> =>
  visibleRouters(db, viewer).where('id', '=', id).executeTakeFirst()

export const findRouter = (db: Db, id: string): Promise<Router | undefined> =>
  db.selectFrom('network_routers').selectAll().where('id', '=', id).executeTakeFirst()

export const insertRouter = (db: Db, row: Insertable<RouterRow>): Promise<Router> =>
  db.insertInto('network_routers').values(row).returningAll().executeTakeFirstOrThrow()

export const updateRouter = (db: Db, id: string, changes: Updateable<RouterRow>, now: string): Promise<Router> =>
  db
    .updateTable('network_routers')
    .set((eb) => ({ ...changes, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

/** Makes other transactions that change the router wait for this one. */
export const lockRouter = (db: Db, id: string): Promise<Router | undefined> =>
  db.updateTable('network_routers').set({ id }).where('id', '=', id).returningAll().executeTakeFirst()

export const deleteRouterRow = (db: Db, id: string) => db.deleteFrom('network_routers').where('id', '=', id).execute()

/** Interfaces of the router, oldest first, without the gateway. */
export const interfacesOf = (db: Db, routerId: string): Promise<Port[]> =>
  db
    .selectFrom('network_ports')
    .selectAll()
    .where('device_id', '=', routerId)
    .where('device_owner', '=', interfaceOwner)
    .orderBy('created_at')
    .orderBy('id')
    .execute()

/** Routers with an interface in that subnet. */
export const routersOnSubnet = (db: Db, subnetId: string): Promise<Router[]> =>
  db
    .selectFrom('network_addresses')
    .innerJoin('network_ports', 'network_ports.id', 'network_addresses.port_id')
    .innerJoin('network_routers', 'network_routers.id', 'network_ports.device_id')
    .selectAll('network_routers')
    .where('network_addresses.subnet_id', '=', subnetId)
    .where('network_ports.device_owner', '=', interfaceOwner)
    .orderBy('network_ports.created_at')
    .execute()
