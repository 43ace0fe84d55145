import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { syncRouter } from '../documents/routers.ts'
import { floatingIpsOfPorts, lockFloatingIp, unassociated, updateFloatingIp } from '../store/floating-ips.ts'
import { moveFloatingIps } from '../store/machines.ts'
import { tellServer } from './tell-server.ts'

/** Takes the floating IPs off a port, or only those of one of its addresses. */
export async function releaseFromPort(cloud: Cloud, tx: Tx, portId: string, fixedIp?: string): Promise<void> {
  const now = new Date(cloud.environment.clock.now()).toISOString()
  for (const { id } of await floatingIpsOfPorts(tx.db, [portId])) {
    const one = await lockFloatingIp(tx.db, id)
    // Moved or removed meanwhile: it leads through another router now.
    if (one?.port_id !== portId) continue
    if (fixedIp !== undefined && one.fixed_ip_address !== fixedIp) continue
    await moveFloatingIps(tx, [one.id], 'stops', now)
    await updateFloatingIp(tx.db, one.id, unassociated, now)
    if (one.router_id) await syncRouter(cloud, tx, one.router_id, now)
  }
  await tellServer(cloud, tx, portId)
}
