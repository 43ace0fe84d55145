// What the host's documents are made of, in as few queries as possible.
import { sql } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type {} from '../tables.ts'

/** True while a port of the network is on the host. */
export const hasNetworkPort = async (db: Db, networkId: string, host: string): Promise<boolean> =>
  (await db
    .selectFrom('network_ports')
    .select('id')
    .where('network_id', '=', networkId)
    .where('bound_host', '=', host)
    .limit(1)
    .executeTakeFirst()) !== undefined

/** True while a port on the host has the group, or has a group with a rule that names it. */
export async function needsGroup(db: Db, groupId: string, host: string): Promise<boolean> {
  const ports = db
    .selectFrom('network_port_groups')
    .innerJoin('network_ports', 'network_ports.id', 'network_port_groups.port_id')
    .select('network_ports.id')
    .where('network_ports.bound_host', '=', host)
    .limit(1)
  if (await ports.where('network_port_groups.security_group_id', '=', groupId).executeTakeFirst()) return true
  const naming = db
    .selectFrom('network_security_group_rules')
    .select('security_group_id')
    .where('remote_group_id', '=', groupId)
    .where('security_group_id', '!=', groupId)
  return (await ports.where('network_port_groups.security_group_id', 'in', naming).executeTakeFirst()) !== undefined
}

/** Groups that rules of these groups name as their remote side. */
export async function remoteGroupsOf(db: Db, groupIds: string[]): Promise<string[]> {
  if (!groupIds.length) return []
  const rows = await db
    .selectFrom('network_security_group_rules')
    .select('remote_group_id')
    .distinct()
    .where('security_group_id', 'in', groupIds)
    .where('remote_group_id', 'is not', null)
    .execute()
  return rows.map((row) => row.remote_group_id!)
}

/** True when some rule names the group as its remote side. */
export const isRemote = async (db: Db, groupId: string): Promise<boolean> =>
  (await db.selectFrom('network_security_group_rules').select('id').where('remote_group_id', '=', groupId).limit(1).executeTakeFirst()) !==
  undefined

/** Addresses and allowed address pairs of all ports in the group. */
export async function membersOf(db: Db, groupId: string): Promise<string[]> {
  const own = await db
    .selectFrom('network_port_groups')
    .innerJoin('network_addresses', 'network_addresses.port_id', 'network_port_groups.port_id')
    .select('network_addresses.ip_address')
    .where('network_port_groups.security_group_id', '=', groupId)
    .execute()
  const pairs = await db
    .selectFrom('network_port_groups')
    .innerJoin('network_ports', 'network_ports.id', 'network_port_groups.port_id')
    .select('network_ports.allowed_address_pairs')
    .where('network_port_groups.security_group_id', '=', groupId)
    // Empty ones are most: they need not be read.
    .where(sql.ref('network_ports.allowed_address_pairs'), '!=', sql.lit('[]'))
    .execute()
  const more = pairs.flatMap((port) => port.allowed_address_pairs.map((pair) => pair.ip_address))
  return [...new Set([...own.map((row) => row.ip_address), ...more])].sort()
}

export const noteLeaving = (db: Db, portId: string, serverId: string, host: string) =>
  db
    .insertInto('network_leaving_ports')
    .values({ port_id: portId, server_id: serverId, host })
    .onConflict((c) => c.columns(['port_id', 'host']).doUpdateSet({ server_id: serverId }))
    .execute()

export const leavingPorts = (db: Db, serverId: string) =>
  db.selectFrom('network_leaving_ports').selectAll().where('server_id', '=', serverId).execute()

export const forgetLeaving = (db: Db, portId: string, host: string) =>
  db.deleteFrom('network_leaving_ports').where('port_id', '=', portId).where('host', '=', host).execute()

/** Ids of routers with a port that is on no host, because no host was known when it was made. */
export async function unplacedRouters(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('network_ports')
    .select('device_id')
    .distinct()
    .where('device_owner', 'in', ['network:router_interface', 'network:router_gateway'])
    .where('bound_host', 'is', null)
    .execute()
  return rows.map((row) => row.device_id)
}
