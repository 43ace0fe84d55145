import type { Db } from '../../../db/database.ts'
import type {} from '../tables.ts'

/** Ids of networks with a DHCP server. */
export async function dhcpNetworks(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('network_ports').select('network_id').distinct().where('device_owner', '=', 'network:dhcp').execute()
  return rows.map((row) => row.network_id)
}

/** Ids of routers that are on the host. */
export async function routersOnHosts(db: Db, host: string): Promise<string[]> {
  const rows = await db
    .selectFrom('network_ports')
    .select('device_id')
    .distinct()
    .where('bound_host', '=', host)
    .where('device_owner', 'in', ['network:router_interface', 'network:router_gateway'])
    .execute()
  return rows.map((row) => row.device_id)
}
