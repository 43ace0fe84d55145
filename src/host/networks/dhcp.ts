// The DHCP namespace of a network and the dnsmasq in it.
import { readFile } from 'node:fs/promises'
import { together } from '../commands/batch.ts'
import { ipBatch } from '../commands/ip.ts'
import { addNamespace, removeNamespace, setKernel } from '../commands/netns.ts'
import type { Daemons } from '../daemons/supervisor.ts'
import type { NetworkContext } from './context.ts'
import { dhcpFiles, dhcpSubnets, renderHosts } from './dhcp-files.ts'
import { dnsmasq } from './dnsmasq.ts'
import type { NetworkSpec } from './document.ts'
import { bridgeName, dhcpLink, dhcpNamespaces, ownerAlias } from './names.ts'
import { addressLines, bringUp, plugIn } from './plug.ts'
import { forgetLeases } from './release-leases.ts'

export interface Dhcp {
  make(id: string, end: { mac: string; mtu: number; addresses: string[] }): Promise<void>
  address(id: string, change: { add: string[]; remove: string[] }): Promise<void>
  /** Has dnsmasq run with this configuration. */
  start(id: string, config: string): Promise<void>
  remove(id: string): Promise<void>
  /** Whether the files of a network's ports are as the documents say. */
  hostsAreCurrent(networkId: string): boolean
  /** Brings the files of all networks up to date and tells dnsmasq. */
  syncHosts(): Promise<void>
}

type Hosts = ReturnType<typeof renderHosts>

export function createDhcp(context: NetworkContext, daemons: Daemons): Dhcp {
  const namespaces = dhcpNamespaces(context.prefix)
  const files = (id: string) => dhcpFiles(context.runDir, id)
  const written = new Map<string, Hosts>()
  const rendered = memoize(context)

  async function run(id: string, config: string, hosts: Hosts): Promise<void> {
    await daemons.ensure(dnsmasq, id, { namespace: namespaces.of(id), files: () => ({ 'dnsmasq.conf': config, ...hosts }) })
    written.set(id, hosts)
  }

  async function syncNetwork(id: string, network: NetworkSpec): Promise<void> {
    const hosts = rendered(id, network)
    if (!(await daemons.find(id))) return // its start writes them
    const before = written.get(id)?.hosts ?? (await readFile(files(id).hosts, 'utf8').catch(() => ''))
    // The configuration is the network's own matter: what is wrong with it keeps no port from its address.
    await run(id, await readFile(files(id).config, 'utf8'), hosts)
    await forgetLeases(namespaces.of(id), dhcpSubnets(network), before, hosts.hosts)
  }

  return {
    async make(id, { mac, mtu, addresses }) {
      const namespace = namespaces.of(id)
      await daemons.stop(id)
      await context.switch.remove([dhcpLink(id).plug])
      await removeNamespace(namespace)
      await addNamespace(namespace)
      await setKernel(namespace, [
        'net.ipv4.ip_forward=0',
        'net.ipv6.conf.all.forwarding=0',
        'net.ipv4.conf.all.rp_filter=0',
        'net.ipv4.conf.default.rp_filter=0',
        'net.ipv6.conf.all.accept_ra=0',
        'net.ipv6.conf.default.accept_ra=0',
      ])
      await plugIn(context, { namespace, ...dhcpLink(id), bridge: bridgeName(id), alias: ownerAlias('network', id), mtu, mac })
      await bringUp(namespace, dhcpLink(id).inside, addresses)
    },
    address: (id, change) => ipBatch(namespaces.of(id), addressLines(dhcpLink(id).inside, change)),
    async start(id, config) {
      const network = context.wanted().networks.get(id)
      await run(id, config, network ? rendered(id, network) : none)
    },
    async remove(id) {
      await daemons.remove(id)
      written.delete(id)
      await context.switch.remove([dhcpLink(id).plug])
      await removeNamespace(namespaces.of(id))
    },
    hostsAreCurrent(id) {
      const network = context.wanted().networks.get(id)
      if (!network || !dhcpSubnets(network).length) return true
      return same(written.get(id), rendered(id, network))
    },
    syncHosts: together(async () => {
      for (const [id, network] of context.wanted().networks) {
        if (dhcpSubnets(network).length && !same(written.get(id), rendered(id, network))) await syncNetwork(id, network)
      }
    }),
  }
}

const none: Hosts = { hosts: '', options: '', names: '' }
const same = (a: Hosts | undefined, b: Hosts) => a !== undefined && a.hosts === b.hosts && a.options === b.options && a.names === b.names

/** Renders a network's files once a version of the documents. */
function memoize(context: NetworkContext): (id: string, network: NetworkSpec) => Hosts {
  let version = -1
  let texts = new Map<string, Hosts>()
  return (id, network) => {
    if (version !== context.version()) texts = new Map()
    version = context.version()
    const known = texts.get(id) ?? renderHosts(network, context.wanted().portsOf(id))
    texts.set(id, known)
    return known
  }
}
