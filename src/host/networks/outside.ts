// The outside namespace: on every external network it has the addresses of the gateways, so that floating IPs are reached
// from it and from nowhere else on the machine (but for the route from the host, when that is asked for).
import type { Duplex } from 'node:stream'
import { inOrder } from '../commands/batch.ts'
import { CommandError } from '../commands/exec.ts'
import { ipBatch, listAddresses } from '../commands/ip.ts'
import { addNamespace, namespaceInode, openIn, removeNamespace, setKernel } from '../commands/netns.ts'
import { cidr, contains, parseAddress, parseRange } from './addresses.ts'
import type { NetworkContext } from './context.ts'
import { createHostLink } from './host-link.ts'
import { bridgeName, outsideLink, outsideNamespace, ownerAlias } from './names.ts'
import { addressLines, bringUp, plugIn } from './plug.ts'

export interface Outside {
  plug(networkId: string, end: { mtu: number; addresses: string[] }): Promise<void>
  address(networkId: string, change: { add: string[]; remove: string[] }): Promise<void>
  unplug(networkId: string): Promise<void>
  /** Whether the machine reaches the external networks as the settings say. */
  isRoutedFromHost(): Promise<boolean>
  routeFromHost(): Promise<void>
  /** A TCP connection from the outside namespace. Refuses addresses that are in no external subnet. */
  connect(address: string, port: number): Promise<Duplex>
}

const connectTimeoutMs = 10_000

export function createOutside(context: NetworkContext): Outside {
  const namespace = outsideNamespace(context.prefix)
  const hostLink = createHostLink(context)
  const order = inOrder()

  const externalRanges = () =>
    [...context.wanted().networks.values()]
      .filter((network) => network.external)
      .flatMap((network) => network.subnets.map(({ cidr }) => parseRange(cidr)))

  async function ensure(): Promise<void> {
    if ((await namespaceInode(namespace)) !== null) return
    await addNamespace(namespace)
    await setKernel(namespace, [
      'net.ipv4.ip_forward=0',
      'net.ipv4.conf.all.rp_filter=0',
      'net.ipv4.conf.default.rp_filter=0',
      'net.ipv6.conf.all.accept_ra=0',
      'net.ipv6.conf.default.accept_ra=0',
    ])
  }

  /** What the machine is to reach, when it is. */
  const ranges = () =>
    externalRanges()
      .filter(({ family }) => family === 4)
      .map(cidr)

  return {
    plug: (id, { mtu, addresses }) =>
      order(async () => {
        await ensure()
        await plugIn(context, { namespace, ...outsideLink(id), bridge: bridgeName(id), alias: ownerAlias('network', id), mtu })
        await bringUp(namespace, outsideLink(id).inside, addresses)
        await hostLink.settle(ranges())
      }),
    address: (id, change) =>
      order(async () => {
        await ipBatch(namespace, addressLines(outsideLink(id).inside, change))
        await hostLink.settle(ranges())
      }),
    unplug: (id) =>
      order(async () => {
        await context.switch.remove([outsideLink(id).plug])
        if ((await namespaceInode(namespace)) === null) return
        if ((await listAddresses(namespace)).some((link) => link.ifname.startsWith('ext'))) return
        await hostLink.remove()
        await removeNamespace(namespace)
      }),
    isRoutedFromHost: () => hostLink.agrees(ranges()),
    routeFromHost: () => order(() => hostLink.settle(ranges())),
    async connect(text, port) {
      const { address } = parseAddress(text)
      if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${port} is not a port`)
      if (!externalRanges().some((range) => contains(range, address))) throw new Error(`${address} is in no external network`)
      return openIn(namespace, { type: 'connect', address, port, timeoutMs: connectTimeoutMs }).catch((error) => {
        const why = error instanceof CommandError ? error.stderr : (error as Error).message
        throw new Error(`connection to ${address}:${port} failed: ${why}`)
      })
    },
  }
}
