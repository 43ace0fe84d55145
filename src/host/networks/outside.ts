// The outside namespace: on every external network it has the addresses of the gateways, so that floating IPs are reached
// from it and from nowhere else on the machine (but for the route from the host, when that is asked for).
import type { Duplex } from 'node:stream'
import { ipBatch, listAddresses } from '../commands/ip.ts'
import { addNamespace, namespaceInode, openIn, removeNamespace, setKernel } from '../commands/netns.ts'
import { nftApply } from '../commands/nft.ts'
import { contains, parseAddress, parseRange } from './addresses.ts'
import { inOrder } from './batch.ts'
import type { NetworkContext } from './context.ts'
import { bridgeName, outsideLink, outsideNamespace, ownerAlias } from './names.ts'
import { addressLines, bringUp, plugIn } from './plug.ts'

export interface Outside {
  plug(networkId: string, end: { mtu: number; addresses: string[] }): Promise<void>
  address(networkId: string, change: { add: string[]; remove: string[] }): Promise<void>
  unplug(networkId: string): Promise<void>
  /** A TCP connection from the outside namespace. Refuses addresses that are in no external subnet. */
  connect(address: string, port: number): Promise<Duplex>
}

const connectTimeoutMs = 10_000

export function createOutside(context: NetworkContext): Outside {
  const namespace = outsideNamespace(context.prefix)
  const host = { inside: 'host0', link: `${context.prefix}-host` }
  const order = inOrder()

  const externalRanges = () =>
    [...context.wanted().networks.values()]
      .filter((network) => network.external)
      .flatMap((network) => network.subnets.map(({ cidr }) => parseRange(cidr)))

  async function ensure(): Promise<void> {
    if ((await namespaceInode(namespace)) !== null) return
    await addNamespace(namespace)
    await setKernel(namespace, [
      `net.ipv4.ip_forward=${Number(context.hostRoute)}`,
      'net.ipv4.conf.all.rp_filter=0',
      'net.ipv4.conf.default.rp_filter=0',
      'net.ipv6.conf.all.accept_ra=0',
      'net.ipv6.conf.default.accept_ra=0',
    ])
    if (!context.hostRoute) return
    await ipBatch(null, [
      `link add name ${host.link} type veth peer name ${host.inside} netns ${namespace}`,
      `link set dev ${host.link} up`,
    ])
    await ipBatch(null, [`addr add ${hostAddresses.host} dev ${host.link}`])
    await bringUp(namespace, host.inside, [hostAddresses.outside])
    // Beyond the outside namespace nobody knows the way back to the host.
    await nftApply(
      namespace,
      `table ip nephos {\n\tchain postrouting {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\tiifname "${host.inside}" masquerade\n\t}\n}\n`,
    )
  }

  /** Routes from the host to the external IPv4 ranges. */
  async function routeFromHost(): Promise<void> {
    if (!context.hostRoute) return
    const via = hostAddresses.outside.split('/')[0]
    await ipBatch(
      null,
      externalRanges()
        .filter(({ family }) => family === 4)
        .map((range) => `route replace ${range.address}/${range.prefixLength} via ${via} dev ${host.link}`),
    )
  }

  return {
    plug: (id, { mtu, addresses }) =>
      order(async () => {
        await ensure()
        await plugIn(context, { namespace, ...outsideLink(id), bridge: bridgeName(id), alias: ownerAlias('network', id), mtu })
        await bringUp(namespace, outsideLink(id).inside, addresses)
        await routeFromHost()
      }),
    address: (id, change) =>
      order(async () => {
        await ipBatch(namespace, addressLines(outsideLink(id).inside, change))
        await routeFromHost()
      }),
    unplug: (id) =>
      order(async () => {
        await context.switch.remove([outsideLink(id).plug])
        if ((await namespaceInode(namespace)) === null) return
        if ((await listAddresses(namespace)).some((link) => link.ifname.startsWith('ext'))) return
        if (context.hostRoute) await ipBatch(null, [`link delete dev ${host.link}`])
        await removeNamespace(namespace)
      }),
    async connect(text, port) {
      const { address } = parseAddress(text)
      if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${port} is not a port`)
      if (!externalRanges().some((range) => contains(range, address))) throw new Error(`${address} is in no external network`)
      return openIn(namespace, { type: 'connect', address, port, timeoutMs: connectTimeoutMs })
    },
  }
}

/** Link-local, so that they meet no network of the machine. */
const hostAddresses = { host: '169.254.96.1/30', outside: '169.254.96.2/30' }
