// The metadata listener of each network: its socket is in the network's DHCP namespace, its server in this process.
import type { Server } from 'node:http'
import type { Log } from '../../log.ts'
import { namespaceInode, openIn } from '../commands/netns.ts'
import { shareConnections } from '../connection-limits.ts'
import { metadataAddress } from '../networks/dhcp-files.ts'
import { dhcpNamespaces } from '../networks/names.ts'
import { type MetadataSource, metadataServer } from './serve.ts'

export interface MetadataListeners {
  /** Whether a listener is up in that very namespace. */
  listens(networkId: string, inode: number): boolean
  ensure(networkId: string): Promise<void>
  remove(networkId: string): void
  close(): void
}

/** Of one guest, and of all guests of the machine. */
const limits = { each: 32, all: 1024, lifeMs: 60_000 }

export function createMetadataListeners(options: { prefix: string; source: MetadataSource; log: Log }): MetadataListeners {
  const open = new Map<string, { server: Server; inode: number }>()
  const connections = shareConnections(limits)
  const remove = (networkId: string) => {
    open.get(networkId)?.server.close().closeAllConnections()
    open.delete(networkId)
  }
  return {
    listens: (networkId, inode) => open.get(networkId)?.inode === inode,
    async ensure(networkId) {
      remove(networkId)
      const namespace = dhcpNamespaces(options.prefix).of(networkId)
      const inode = await namespaceInode(namespace)
      if (inode === null) throw new Error(`network ${networkId} has no DHCP namespace`)
      const listening = await openIn(namespace, { type: 'listen', address: metadataAddress, port: 80 })
      const server = metadataServer(networkId, options.source, options.log)
      connections.watch(server, networkId)
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listening, resolve))
      open.set(networkId, { server, inode })
    },
    remove,
    close() {
      for (const id of [...open.keys()]) remove(id)
    },
  }
}
