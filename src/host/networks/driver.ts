// The driver of networks: looks, plans, and does what the plan says.
import { rm, rmdir } from 'node:fs/promises'
import type { Daemons } from '../daemons/supervisor.ts'
import type { Driver, Step } from '../driver.ts'
import type { MetadataListeners } from '../metadata/listeners.ts'
import { createBridges } from './bridges.ts'
import type { NetworkContext } from './context.ts'
import type { Dhcp } from './dhcp.ts'
import { dhcpFiles } from './dhcp-files.ts'
import { bridgeName } from './names.ts'
import { type NetworkHave, observeNetworks } from './observe.ts'
import type { Outside } from './outside.ts'
import { type NetworkChange, planNetwork } from './plan.ts'

export function networkDriver(
  context: NetworkContext,
  parts: { daemons: Daemons; dhcp: Dhcp; outside: Outside; metadata: MetadataListeners },
): Driver<'network', NetworkHave> {
  const { daemons, dhcp, outside, metadata } = parts
  const ensureBridge = createBridges(context.switch)

  async function apply(id: string, change: NetworkChange): Promise<void> {
    switch (change.do) {
      case 'ensure bridge':
        return ensureBridge({ id, mtu: change.mtu, up: change.up })
      case 'make dhcp namespace':
        metadata.remove(id)
        return dhcp.make(id, change)
      case 'address dhcp namespace':
        return dhcp.address(id, change)
      case 'start dnsmasq':
        return dhcp.start(id, change.config)
      case 'listen for metadata':
        return metadata.ensure(id)
      case 'remove dhcp namespace':
        metadata.remove(id)
        return dhcp.remove(id)
      case 'plug outside':
        return outside.plug(id, change)
      case 'address outside':
        return outside.address(id, change)
      case 'unplug outside':
        return outside.unplug(id)
      case 'route from host':
        return outside.routeFromHost()
      case 'remove bridge':
        return removeBridge(id)
    }
  }

  async function removeBridge(id: string): Promise<void> {
    await context.switch.remove([bridgeName(id)])
    await rm(dhcpFiles(context.runDir, id).folder, { recursive: true, force: true })
    await context.switch.removeIfEmpty()
    // The folder goes with the last network that had files.
    await rmdir(context.runDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
    })
  }

  return {
    kind: 'network',
    jobs: {},
    async observe() {
      const have = await observeNetworks(context, daemons, metadata.listens)
      const external = [...have.values()].filter((network) => network.outside)
      const fromHost = external.length === 0 || (await outside.isRoutedFromHost())
      for (const network of external) network.fromHost = fromHost
      return have
    },
    plan: (id, want, have): Step[] =>
      planNetwork(context.runDir, id, want, have).map((change) => ({ name: change.do, run: () => apply(id, change) })),
  }
}
