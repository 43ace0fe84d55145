import type { Static } from 'typebox'
import type { Db } from '../../../db/database.ts'
import type { FloatingIp } from '../store/floating-ips.ts'
import { findPorts } from '../store/ports.ts'
import { standard } from '../wire/fields.ts'
import type { FloatingIp as Shape } from './schema.ts'

/** Floating IPs as they are shown (reference 14.9.9), with what they are on. */
export async function floatingIpViews(db: Db, rows: FloatingIp[]): Promise<Static<typeof Shape>[]> {
  const ports = new Map(
    (
      await findPorts(
        db,
        rows.flatMap((row) => row.port_id ?? []),
      )
    ).map((port) => [port.id, port]),
  )
  return rows.map((row) => {
    const port = row.port_id === null ? undefined : ports.get(row.port_id)
    return {
      id: row.id,
      floating_ip_address: row.floating_ip_address,
      floating_network_id: row.floating_network_id,
      port_id: row.port_id,
      fixed_ip_address: row.fixed_ip_address,
      router_id: row.router_id,
      status: row.status,
      port_details: port
        ? {
            name: port.name,
            network_id: port.network_id,
            mac_address: port.mac_address,
            admin_state_up: port.admin_state_up,
            status: port.status,
            device_id: port.device_id,
            device_owner: port.device_owner,
          }
        : null,
      ...standard(row),
    }
  })
}

export const floatingIpView = async (db: Db, row: FloatingIp) => (await floatingIpViews(db, [row]))[0]!
