// The DHCP namespace of a network and the dnsmasq in it.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { findDnsmasq, isDnsmasq, reloadDnsmasq, startDnsmasq, stopDnsmasq } from '../commands/dnsmasq.ts'
import { ipBatch } from '../commands/ip.ts'
import { addNamespace, namespaceInode, removeNamespace, setKernel } from '../commands/netns.ts'
import { together } from './batch.ts'
import type { NetworkContext } from './context.ts'
import { dhcpFiles, dhcpSubnets, renderHosts } from './dhcp-files.ts'
import type { NetworkSpec } from './document.ts'
import { bridgeName, dhcpLink, dhcpNamespaces, ownerAlias } from './names.ts'
import { addressLines, bringUp, plugIn } from './plug.ts'
import { forgetLeases } from './release-leases.ts'

export interface Dhcp {
  make(id: string, end: { mac: string; mtu: number; addresses: string[] }): Promise<void>
  address(id: string, change: { add: string[]; remove: string[] }): Promise<void>
  /** Starts dnsmasq with this configuration, in place of one that runs. */
  start(id: string, config: string): Promise<void>
  remove(id: string): Promise<void>
  /** Whether the files of a network's ports are as the documents say. */
  hostsAreCurrent(networkId: string): boolean
  /** Brings the files of all networks up to date and tells dnsmasq. */
  syncHosts(): Promise<void>
  /** Counts the dnsmasq that runs for a network among those whose death is told. */
  watch(id: string): Promise<void>
  /** Networks whose dnsmasq has died since it was last seen. */
  died(): Promise<string[]>
}

type Hosts = ReturnType<typeof renderHosts>

export function createDhcp(context: NetworkContext): Dhcp {
  const namespaces = dhcpNamespaces(context.prefix)
  const files = (id: string) => dhcpFiles(context.runDir, id)
  const written = new Map<string, Hosts>()
  const pids = new Map<string, number>()

  async function stop(id: string): Promise<void> {
    const found = await findDnsmasq(files(id).config, files(id).pid)
    pids.delete(id)
    if (found) await stopDnsmasq(found.pid, files(id).config, context.environment.clock)
  }

  async function writeHosts(id: string, hosts: Hosts): Promise<void> {
    await replaceFile(files(id).hosts, hosts.hosts)
    await replaceFile(files(id).options, hosts.options)
    await replaceFile(files(id).names, hosts.names)
    written.set(id, hosts)
  }

  const rendered = memoize(context)

  async function restart(id: string, pid: number): Promise<void> {
    pids.delete(id) // its end is no death to be told
    await stopDnsmasq(pid, files(id).config, context.environment.clock)
    await launch(id)
  }

  async function launch(id: string): Promise<void> {
    await startDnsmasq(namespaces.of(id), files(id).config)
    const found = await findDnsmasq(files(id).config, files(id).pid)
    if (!found) throw new Error(`dnsmasq of network ${id} ended as soon as it had started`)
    pids.set(id, found.pid)
  }

  async function syncNetwork(id: string, network: NetworkSpec): Promise<void> {
    const hosts = rendered(id, network)
    const running = await findDnsmasq(files(id).config, files(id).pid)
    if (!running) return // its start writes them
    const before = written.get(id)?.hosts ?? (await readFile(files(id).hosts, 'utf8').catch(() => ''))
    await writeHosts(id, hosts)
    pids.set(id, running.pid)
    // dnsmasq 2.90 of Debian 12 crashes when it is told to forget a host with a tag: such hosts cost a new start.
    if (before.includes(',set:')) await restart(id, running.pid)
    else reloadDnsmasq(running.pid)
    await forgetLeases(namespaces.of(id), dhcpSubnets(network), before, hosts.hosts)
  }

  return {
    async make(id, { mac, mtu, addresses }) {
      const namespace = namespaces.of(id)
      await stop(id)
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
      await stop(id)
      const network = context.wanted().networks.get(id)
      await mkdir(files(id).folder, { recursive: true, mode: 0o755 })
      if (network) await writeHosts(id, rendered(id, network))
      await replaceFile(files(id).config, config)
      await launch(id)
    },
    async remove(id) {
      await stop(id)
      written.delete(id)
      await context.switch.remove([dhcpLink(id).plug])
      await removeNamespace(namespaces.of(id))
      await rm(files(id).folder, { recursive: true, force: true })
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
    async watch(id) {
      if (pids.has(id)) return
      const found = await findDnsmasq(files(id).config, files(id).pid)
      if (found) pids.set(id, found.pid)
    },
    async died() {
      const gone: string[] = []
      for (const [id, pid] of pids) {
        if ((await isDnsmasq(pid, files(id).config)) && (await namespaceInode(namespaces.of(id))) !== null) continue
        pids.delete(id)
        gone.push(id)
      }
      return gone
    },
  }
}

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

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o644 })
  await rename(`${path}.new`, path)
}
