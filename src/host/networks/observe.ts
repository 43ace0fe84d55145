// What the machine has of each network.
import { readFile } from 'node:fs/promises'
import { mapLimit } from '../commands/batch.ts'
import { type AddressedLink, isUp, type Link, listAddresses } from '../commands/ip.ts'
import { listNamespaces, namespaceInode } from '../commands/netns.ts'
import type { Daemons } from '../daemons/supervisor.ts'
import type { NetworkContext } from './context.ts'
import { dhcpFiles } from './dhcp-files.ts'
import { bridgeName, dhcpLink, dhcpNamespaces, outsideLink, outsideNamespace, ownerOf } from './names.ts'

export interface EndHave {
  mac: string
  mtu: number
  up: boolean
  /** With prefix length; link-local ones are the kernel's and left out. */
  addresses: string[]
}

export interface DhcpHave {
  /** The end of the link that is in the namespace; null when the link is missing or not in the bridge. */
  end: EndHave | null
  /** The configuration with which dnsmasq runs in this namespace; null when it does not run. */
  config: string | null
  /** Whether this process listens for metadata requests there. */
  metadata: boolean
}

export interface NetworkHave {
  bridge: { mtu: number; up: boolean } | null
  dhcp: DhcpHave | null
  outside: EndHave | null
  /** False when the machine does not reach the external networks as the settings say. */
  fromHost?: boolean
}

export function endOf(link: AddressedLink): EndHave {
  const addresses = link.addr_info.filter(({ scope, family }) => !(family === 'inet6' && scope === 'link'))
  return { mac: link.address, mtu: link.mtu, up: isUp(link), addresses: addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`) }
}

const plugged = (links: Map<string, Link>, plug: string, bridge: string) => {
  const link = links.get(plug)
  return link !== undefined && link.master === bridge && isUp(link)
}

export async function observeNetworks(
  context: NetworkContext,
  daemons: Daemons,
  listens: (id: string, inode: number) => boolean,
): Promise<Map<string, NetworkHave>> {
  const { prefix } = context
  const links = new Map((await context.switch.links()).map((link) => [link.ifname, link]))
  const have = new Map<string, NetworkHave>()
  const of = (id: string) => {
    const known = have.get(id) ?? { bridge: null, dhcp: null, outside: null }
    have.set(id, known)
    return known
  }
  for (const link of links.values()) {
    const id = ownerOf(link.ifalias, 'network')
    if (id === null) continue
    const network = of(id)
    if (link.ifname === bridgeName(id)) network.bridge = { mtu: link.mtu, up: isUp(link) }
  }
  const ends = new Map(
    ((await namespaceInode(outsideNamespace(prefix))) === null ? [] : await listAddresses(outsideNamespace(prefix))).map((link) => [
      link.ifname,
      link,
    ]),
  )
  for (const [id, network] of have) {
    const { inside, plug } = outsideLink(id)
    const end = ends.get(inside)
    if (end && plugged(links, plug, bridgeName(id))) network.outside = endOf(end)
  }
  await mapLimit(await listNamespaces(dhcpNamespaces(prefix).all), 4, async (namespace) => {
    const id = dhcpNamespaces(prefix).id(namespace)!
    of(id).dhcp = await observeDhcp(context, daemons, namespace, id, plugged(links, dhcpLink(id).plug, bridgeName(id)), listens)
  })
  // A daemon whose namespace is gone is something to be removed too.
  for (const id of await daemons.running()) of(id).dhcp ??= { end: null, config: null, metadata: false }
  return have
}

async function observeDhcp(
  context: NetworkContext,
  daemons: Daemons,
  namespace: string,
  id: string,
  isPlugged: boolean,
  listens: (id: string, inode: number) => boolean,
): Promise<DhcpHave> {
  const inode = (await namespaceInode(namespace)) ?? 0
  const end = isPlugged ? (await listAddresses(namespace)).find((link) => link.ifname === dhcpLink(id).inside) : undefined
  const process = await daemons.find(id)
  const runs = process !== null && process.namespace === inode
  return {
    end: end ? endOf(end) : null,
    config: runs ? await readFile(dhcpFiles(context.runDir, id).config, 'utf8').catch(() => null) : null,
    metadata: listens(id, inode),
  }
}
