import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { syncRouter } from '../documents/routers.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { removePort } from '../ports/make.ts'
import { tellServer } from '../ports/tell-server.ts'
import { deleteFloatingIpRow, type FloatingIp } from '../store/floating-ips.ts'
import { findPort } from '../store/ports.ts'

/** Removes the floating IP, and gives its address back. */
export async function removeFloatingIp(cloud: Cloud, tx: Tx, { id }: Pick<FloatingIp, 'id'>): Promise<void> {
  const now = new Date(cloud.environment.clock.now()).toISOString()
  // The router that it led through last, also when it was moved meanwhile.
  const one = await deleteFloatingIpRow(tx.db, id)
  if (!one) return
  await tellNetwork(cloud, tx, networkEvents.floatingip.deleted, one)
  await cloud.quota.count(tx, one.project_id, { 'network.floatingip': -1 })
  const port = await findPort(tx.db, one.floating_port_id)
  if (port) await removePort(cloud, tx, port)
  if (one.router_id) await syncRouter(cloud, tx, one.router_id, now)
  await tellServer(cloud, tx, one.port_id)
}
