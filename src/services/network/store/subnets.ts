// All queries on subnets, and on the addresses that are given out of them.
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { SubnetRow } from '../tables.ts'
import type { Viewer } from '../wire/actor.ts'

export type Subnet = Selectable<SubnetRow>

/** Own ones and those of shared networks; all for administrators. */
export const visibleSubnets = (db: Db, { seesAll, projectId }: Viewer) =>
  db
    .selectFrom('network_subnets')
    .selectAll()
    .where((eb) =>
      seesAll
        ? eb.lit(true)
        : eb.or([
            eb('project_id', '=', projectId),
            eb(
              'network_id',
              'in',
              eb
                .selectFrom('network_networks')
                .select('id')
                .where((n) => n.or([n('shared', '=', true), n('project_id', '=', projectId)])),
            ),
          ]),
    )

export const findVisibleSubnet = (db: Db, viewer: Viewer, id: string): Promise<Subnet | undefined> =>
  visibleSubnets(db, viewer).where('id', '=', id).executeTakeFirst()

export const findSubnet = (db: Db, id: string): Promise<Subnet | undefined> =>
  db.selectFrom('network_subnets').selectAll().where('id', '=', id).executeTakeFirst()

export const findSubnets = (db: Db, ids: string[]): Promise<Subnet[]> =>
  ids.length ? db.selectFrom('network_subnets').selectAll().where('id', 'in', ids).execute() : Promise.resolve([])

/** Oldest first. */
export const subnetsOfNetwork = (db: Db, networkId: string): Promise<Subnet[]> =>
  db.selectFrom('network_subnets').selectAll().where('network_id', '=', networkId).orderBy('created_at').orderBy('id').execute()

export const insertSubnet = (db: Db, row: Insertable<SubnetRow>): Promise<Subnet> =>
  db.insertInto('network_subnets').values(row).returningAll().executeTakeFirstOrThrow()

export const updateSubnet = (db: Db, id: string, changes: Updateable<SubnetRow>, now: string): Promise<Subnet> =>
  db
    .updateTable('network_subnets')
    .set((eb) => ({ ...changes, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

export const deleteSubnet = (db: Db, id: string) => db.deleteFrom('network_subnets').where('id', '=', id).execute()

/** Makes other transactions that give out addresses of these subnets wait. The rows, in the order of the ids; fewer when one is gone. */
export async function lockSubnets(db: Db, ids: string[]): Promise<Subnet[]> {
  const locked: Subnet[] = []
  for (const id of [...ids].sort()) {
    const row = await db.updateTable('network_subnets').set({ id }).where('id', '=', id).returningAll().executeTakeFirst()
    if (row) locked.push(row)
  }
  return ids.flatMap((id) => locked.filter((row) => row.id === id))
}

/** Waits for, and keeps out, others that make subnets or DHCP ports in the network. */
export const lockNetwork = (db: Db, id: string) =>
  db.updateTable('network_networks').set({ id }).where('id', '=', id).returningAll().executeTakeFirst()

/** Keys of taken addresses from `from` on, in order. */
export async function takenKeys(db: Db, subnetId: string, from: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('network_addresses')
    .select('ip_key')
    .where('subnet_id', '=', subnetId)
    .where('ip_key', '>=', from)
    .orderBy('ip_key')
    .limit(limit)
    .execute()
  return rows.map((row) => row.ip_key)
}

export const isTaken = async (db: Db, subnetId: string, key: string): Promise<boolean> =>
  (await db
    .selectFrom('network_addresses')
    .select('port_id')
    .where('subnet_id', '=', subnetId)
    .where('ip_key', '=', key)
    .executeTakeFirst()) !== undefined

export const takeAddress = (db: Db, row: { subnet_id: string; ip_key: string; ip_address: string; port_id: string }) =>
  db.insertInto('network_addresses').values(row).execute()

export const rememberLast = (db: Db, subnetId: string, last_key: string) =>
  db.updateTable('network_subnets').set({ last_key }).where('id', '=', subnetId).execute()

export const releaseAddress = (db: Db, subnetId: string, ipAddress: string) =>
  db.deleteFrom('network_addresses').where('subnet_id', '=', subnetId).where('ip_address', '=', ipAddress).execute()

export const releaseAddressesOf = (db: Db, portId: string) => db.deleteFrom('network_addresses').where('port_id', '=', portId).execute()

/** Ports that have an address of the subnet, with their owners. */
export const portsOnSubnet = (db: Db, subnetId: string) =>
  db
    .selectFrom('network_addresses')
    .innerJoin('network_ports', 'network_ports.id', 'network_addresses.port_id')
    .select(['network_ports.id', 'network_ports.device_owner', 'network_addresses.ip_address'])
    .where('network_addresses.subnet_id', '=', subnetId)
    .execute()

/** How many addresses each subnet has given out. */
export async function countAddresses(db: Db, subnetIds: string[]): Promise<Map<string, number>> {
  if (!subnetIds.length) return new Map()
  const rows = await db
    .selectFrom('network_addresses')
    .select((eb) => ['subnet_id', eb.fn.countAll<number>().as('count')])
    .where('subnet_id', 'in', subnetIds)
    .groupBy('subnet_id')
    .execute()
  return new Map(rows.map((row) => [row.subnet_id, Number(row.count)]))
}
