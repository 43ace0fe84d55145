// The driver of guests' ports.

import type { Driver } from '../driver.ts'
import { parseMtu } from '../networks/addresses.ts'
import type { NetworkContext } from '../networks/context.ts'
import type { Dhcp } from '../networks/dhcp.ts'
import { dhcpSubnets, portLines } from '../networks/dhcp-files.ts'
import { tapName } from '../networks/names.ts'
import type { Firewall } from '../security-groups/firewall.ts'
import { createAhead } from './ahead.ts'
import type { PortSpec } from './document.ts'
import { type Guard, portGuard } from './guard.ts'
import { type PortChange, type PortHave, planPort } from './plan.ts'
import { createTaps } from './taps.ts'

export function portDriver(context: NetworkContext, parts: { firewall: Firewall; dhcp: Dhcp }): Driver<'port', PortHave> {
  const { firewall, dhcp } = parts
  const taps = createTaps(context)
  /** Ports that were plugged by this process: when their tap is missing, a running guest has lost it. */
  const plugged = new Set<string>()
  const ahead = createAhead(perform)
  const guards = new WeakMap<PortSpec, Guard | null>()

  async function perform(id: string, change: PortChange): Promise<void> {
    switch (change.do) {
      case 'make tap':
        tellLoss(id)
        return taps.make({ id, mtu: change.mtu })
      case 'unplug':
        return taps.plug({ id, networkId: null, mtu: 0 })
      case 'guard':
        return taps.guard(change.guard)
      case 'remove guard':
        return taps.unguard(tapName(id))
      case 'put filter in force':
        return firewall.sync()
      case 'write dhcp entries':
        return dhcp.syncHosts()
      case 'plug':
        await taps.plug({ id, networkId: change.networkId, mtu: change.mtu })
        plugged.add(id)
        return
      case 'remove tap':
        await taps.remove(id)
        plugged.delete(id)
    }
  }

  function tellLoss(id: string): void {
    if (!plugged.delete(id)) return
    const guest = context.wanted().ports.get(id)?.guestId
    context.log.warn(
      { port: id, guest },
      'the tap of a port was deleted; its guest, if it runs, has to be rebooted hard to be connected again',
    )
    if (guest) context.changed('guest', guest)
  }

  /** What the pure plan needs from other documents. Throws when the port cannot be made as its document says. */
  function resolve(id: string, port: PortSpec): { port: PortSpec; mtu: number; guard: Guard | null } {
    const network = context.wanted().networks.get(port.networkId)
    if (!network) throw new Error(`port ${id} is on network ${port.networkId}, which is not on this host`)
    if (dhcpSubnets(network).length) portLines(network, id, port)
    const guard = guards.has(port) ? guards.get(port)! : portGuard(id, port)
    guards.set(port, guard)
    return { port, mtu: parseMtu(network.mtu), guard }
  }

  /** The changes of all ports that can be made; those that cannot are told of when their turn comes. */
  function planAhead(have: ReadonlyMap<string, PortHave>): Map<string, PortChange[]> {
    const all = new Map<string, PortChange[]>()
    for (const [id, port] of context.wanted().ports) {
      try {
        all.set(id, planPort(resolve(id, port), have.get(id)))
      } catch {}
    }
    for (const id of context.wanted().gonePorts) all.set(id, planPort(undefined, have.get(id)))
    return all
  }

  return {
    kind: 'port',
    jobs: {},
    async observe() {
      const found = await taps.observe()
      const filtered = await firewall.isCurrent()
      const have = new Map<string, PortHave>()
      for (const [id, { tap, guard }] of found) {
        const networkId = context.wanted().ports.get(id)?.networkId
        have.set(id, { tap, guard, filtered, dhcp: networkId !== undefined && dhcp.hostsAreCurrent(networkId) })
      }
      ahead.plan(planAhead(have))
      return have
    },
    plan(id, want, have) {
      const changes = planPort(want && resolve(id, want), have)
      return changes.map((change) => ({ name: change.do, run: () => ahead.done(id, change) }))
    },
  }
}
