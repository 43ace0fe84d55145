// All queries on ports. Addresses and groups stand in the row, as they are shown, and in tables of their own, for
// uniqueness and for looking up from the other side.
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { PortRow } from '../tables.ts'
import type { Viewer } from '../wire/actor.ts'

export type Port = Selectable<PortRow>

/** Own ports and those on own networks; all for administrators. */
export const visiblePorts = (db: Db, { seesAll, projectId }: Viewer) => {
  const all = db.selectFrom('network_ports').selectAll()
  if (seesAll) return all
  return all.where((eb) =>
    eb.or([
      eb('project_id', '=', projectId),
      eb('network_id', 'in', eb.selectFrom('network_networks').select('id').where('project_id', '=', projectId)),
    ]),
  )
}

export const findVisiblePort = (db: Db, viewer: Viewer, id: string): Promise<Port | undefined> =>
  visiblePorts(db, viewer).where('id', '=', id).executeTakeFirst()

export const findPort = (db: Db, id: string): Promise<Port | undefined> =>
  db.selectFrom('network_ports').selectAll().where('id', '=', id).executeTakeFirst()

export const findPorts = (db: Db, ids: string[]): Promise<Port[]> =>
  ids.length ? db.selectFrom('network_ports').selectAll().where('id', 'in', ids).execute() : Promise.resolve([])

export const portsOfNetwork = (db: Db, networkId: string): Promise<Port[]> =>
  db.selectFrom('network_ports').selectAll().where('network_id', '=', networkId).orderBy('created_at').execute()

/** Ports that compute bound to these servers. A `device_id` that names one is only text: anybody may write it. */
export const portsOfServers = (db: Db, serverIds: string[]): Promise<Port[]> =>
  serverIds.length
    ? db.selectFrom('network_ports').selectAll().where('bound_server', 'in', serverIds).orderBy('nic_order').orderBy('created_at').execute()
    : Promise.resolve([])

/** The port as it is when all who change it at the same time are done; it stays so until the transaction ends. Undefined when it is gone. */
export const lockPort = (db: Db, id: string): Promise<Port | undefined> =>
  db.updateTable('network_ports').set({ id }).where('id', '=', id).returningAll().executeTakeFirst()

/** Marks the port as that server's; false when another server or a router has it, also one that takes it at the same time. */
export async function claimPort(db: Db, id: string, serverId: string): Promise<boolean> {
  const query = db
    .updateTable('network_ports')
    .set({ bound_server: serverId })
    .where('id', '=', id)
    .where('bound_server', 'is', null)
    .where('device_id', 'in', ['', serverId])
  return (await query.executeTakeFirst()).numUpdatedRows === 1n
}

/** Bound ports whose `device_id` was changed since. */
export const renamedPorts = (db: Db): Promise<Port[]> =>
  db.selectFrom('network_ports').selectAll().whereRef('bound_server', '!=', 'device_id').orderBy('id').execute()

export const dhcpPortOf = (db: Db, networkId: string): Promise<Port | undefined> =>
  db
    .selectFrom('network_ports')
    .selectAll()
    .where('network_id', '=', networkId)
    .where('device_owner', '=', 'network:dhcp')
    .executeTakeFirst()

export const insertPort = (db: Db, row: Insertable<PortRow>): Promise<Port> =>
  db.insertInto('network_ports').values(row).returningAll().executeTakeFirstOrThrow()

export const updatePort = (db: Db, id: string, changes: Updateable<PortRow>, now: string): Promise<Port> =>
  db
    .updateTable('network_ports')
    .set((eb) => ({ ...changes, updated_at: now, revision: eb('revision', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

export async function deletePortRow(db: Db, id: string): Promise<void> {
  await db.deleteFrom('network_addresses').where('port_id', '=', id).execute()
  await db.deleteFrom('network_port_groups').where('port_id', '=', id).execute()
  await db.deleteFrom('network_ports').where('id', '=', id).execute()
}

export async function setPortGroups(db: Db, portId: string, groupIds: string[]): Promise<void> {
  await db.deleteFrom('network_port_groups').where('port_id', '=', portId).execute()
  await addPortGroups(db, portId, groupIds)
}

export async function addPortGroups(db: Db, portId: string, groupIds: string[]): Promise<void> {
  if (groupIds.length) {
    await db
      .insertInto('network_port_groups')
      .values(groupIds.map((security_group_id) => ({ security_group_id, port_id: portId })))
      .execute()
  }
}

/** The other port that has the MAC in the network. */
export const findByMac = (db: Db, networkId: string, mac: string) =>
  db.selectFrom('network_ports').select('id').where('network_id', '=', networkId).where('mac_address', '=', mac).executeTakeFirst()

/** Ids of ports with that address, in any subnet. */
export const portsWithAddress = (db: Db, addresses: string[]) =>
  db.selectFrom('network_addresses').select('port_id').where('ip_address', 'in', addresses)

export const portsWithAddressLike = (db: Db, part: string) =>
  db
    .selectFrom('network_addresses')
    .select('port_id')
    .where('ip_address', 'like', `%${part.replace(/[%_]/g, '')}%`)

export const portsOnSubnets = (db: Db, subnetIds: string[]) =>
  db.selectFrom('network_addresses').select('port_id').where('subnet_id', 'in', subnetIds)

export const portsInGroups = (db: Db, groupIds: string[]) =>
  db.selectFrom('network_port_groups').select('port_id').where('security_group_id', 'in', groupIds)
