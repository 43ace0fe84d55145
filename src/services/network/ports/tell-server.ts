import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { findPort } from '../store/ports.ts'

/** Lets compute show a guest its floating IPs, after one was put on a port or taken off. */
export async function tellServer(cloud: Cloud, tx: Tx, ...portIds: (string | null | undefined)[]): Promise<void> {
  for (const id of new Set(portIds)) {
    const port = id ? await findPort(tx.db, id) : undefined
    if (port?.bound_server) await cloud.compute.addressesChanged(tx, port.bound_server)
  }
}
