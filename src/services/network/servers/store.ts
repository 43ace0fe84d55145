import type { Db } from '../../../db/database.ts'
import type {} from '../tables.ts'

/** Server and address of every port of a server, of one project or all. */
export async function addressesOfServers(db: Db, projectId: string | null): Promise<{ serverId: string; ip: string }[]> {
  let query = db
    .selectFrom('network_addresses')
    .innerJoin('network_ports', 'network_ports.id', 'network_addresses.port_id')
    .select(['network_ports.bound_server', 'network_addresses.ip_address'])
    .where('network_ports.bound_server', 'is not', null)
  if (projectId !== null) query = query.where('network_ports.project_id', '=', projectId)
  return (await query.execute()).map((row) => ({ serverId: row.bound_server!, ip: row.ip_address }))
}

/** Ids of all things of a project, by what they are. */
export async function thingsOf(db: Db, projectId: string) {
  const routers = await db.selectFrom('network_routers').selectAll().where('project_id', '=', projectId).execute()
  const floatingIps = await db.selectFrom('network_floating_ips').selectAll().where('project_id', '=', projectId).execute()
  const ports = await db.selectFrom('network_ports').selectAll().where('project_id', '=', projectId).execute()
  const networks = await db.selectFrom('network_networks').selectAll().where('project_id', '=', projectId).execute()
  const groups = await db.selectFrom('network_security_groups').selectAll().where('project_id', '=', projectId).execute()
  return { routers, floatingIps, ports, networks, groups }
}
