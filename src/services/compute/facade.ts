// What other services may ask of compute.
import type { Cloud } from '../../cloud.ts'
import type { Tx } from '../../db/database.ts'
import { refreshMetadata } from './metadata/guest-spec.ts'
import { findServer } from './servers/store.ts'

export interface ComputeFacade {
  /** The addresses of a server's ports have changed: its guest is shown the new ones (`public-ipv4` of its metadata). Nothing happens for an unknown server. */
  addressesChanged(tx: Tx, serverId: string): Promise<void>
  /** A port of a server was deleted: its guest loses the interface. Nothing happens for an unknown server. */
  portDeleted(tx: Tx, serverId: string, portId: string): Promise<void>
}

declare module '../facades.ts' {
  interface Facades {
    compute: ComputeFacade
  }
}

export function computeFacade(cloud: Cloud): ComputeFacade {
  return {
    async addressesChanged(tx, serverId) {
      const server = await findServer(tx.db, serverId, null)
      if (server) await refreshMetadata(cloud, tx, server)
    },
    async portDeleted(tx, serverId, portId) {
      const server = await findServer(tx.db, serverId, null)
      const known = server?.host ? await cloud.hosts.get(tx.db, server.host, 'guest', server.id) : undefined
      if (!server?.host || !known) return
      const nics = known.nics.filter((nic) => nic.portId !== portId)
      await cloud.hosts.put(tx, server.host, 'guest', server.id, { ...known, nics })
      await refreshMetadata(cloud, tx, server)
    },
  }
}
