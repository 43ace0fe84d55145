// dnsmasq's files, one folder a network, and what stands in them. Every value is checked before it is written: a line
// break in one would be a new instruction to dnsmasq.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { PortSpec } from '../ports/document.ts'
import { contains, netmask, parseAddress, parseMac, parseMtu, parseRange } from './addresses.ts'
import type { HostSubnet, NetworkSpec } from './document.ts'
import { dhcpLink, shortId } from './names.ts'

export const metadataAddress = '169.254.169.254'
const leaseSeconds = 86_400

export function dhcpFiles(runDir: string, networkId: string) {
  shortId(networkId)
  const folder = join(runDir, networkId)
  const file = (name: string) => join(folder, name)
  return {
    folder,
    config: file('dnsmasq.conf'),
    pid: file('dnsmasq.pid'),
    hosts: file('hosts'),
    options: file('options'),
    names: file('names'),
    leases: file('leases'),
  }
}

/** The subnets for which a DHCP server runs. */
export const dhcpSubnets = (network: NetworkSpec) => network.subnets.filter((subnet) => subnet.dhcp && subnet.dhcpIp !== null)

/** The MAC of the DHCP port; made from the id when the document has none. */
export function dhcpMac(networkId: string, network: NetworkSpec): string {
  if (network.dhcpMac) return parseMac(network.dhcpMac)
  const digits = createHash('sha256').update(networkId).digest('hex')
  return `fa:16:3e:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}`
}

/** Addresses of the DHCP namespace, with prefix lengths. */
export function dhcpAddresses(network: NetworkSpec): string[] {
  const own = dhcpSubnets(network).map((subnet) => `${parseAddress(subnet.dhcpIp!).address}/${parseRange(subnet.cidr).prefixLength}`)
  return [...own, `${metadataAddress}/32`]
}

export function renderConfig(runDir: string, networkId: string, network: NetworkSpec): string {
  const files = dhcpFiles(runDir, networkId)
  const domain = network.dnsDomain.replace(/\.$/, '')
  if (domain && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(domain))
    throw new Error(`${JSON.stringify(domain.slice(0, 60))} is not a domain name`)
  const lines = [
    'user=nobody',
    'group=nogroup',
    'no-hosts',
    'no-resolv',
    'no-ping',
    'log-facility=-',
    'bind-interfaces',
    `interface=${dhcpLink(networkId).inside}`,
    'except-interface=lo',
    `pid-file=${files.pid}`,
    `dhcp-leasefile=${files.leases}`,
    `dhcp-hostsfile=${files.hosts}`,
    `dhcp-optsfile=${files.options}`,
    `addn-hosts=${files.names}`,
    'dhcp-authoritative',
    'dhcp-lease-max=65536',
    `dhcp-option-force=option:mtu,${parseMtu(network.mtu)}`,
    ...(domain ? [`domain=${domain}`, `local=/${domain}/`, 'expand-hosts'] : []),
    ...dhcpSubnets(network).flatMap((subnet, index) => (subnet.ipVersion === 4 ? subnetLines(subnet, `subnet${index}`) : [])),
  ]
  for (const line of lines) assertPrintable(line)
  return `${lines.join('\n')}\n`
}

function subnetLines(subnet: HostSubnet, tag: string): string[] {
  const { address, prefixLength } = parseRange(subnet.cidr)
  const dhcpIp = parseAddress(subnet.dhcpIp!).address
  const gateway = subnet.gatewayIp && parseAddress(subnet.gatewayIp).address
  const routes = [
    `${metadataAddress}/32`,
    dhcpIp,
    ...subnet.hostRoutes.flatMap((route) => {
      const to = parseRange(route.destination)
      return [`${to.address}/${to.prefixLength}`, parseAddress(route.nexthop).address]
    }),
    ...(gateway ? ['0.0.0.0/0', gateway] : []),
  ].join(',')
  // Without name servers the guests ask dnsmasq, which knows the network's own names and nobody beyond.
  const servers = subnet.dnsNameservers.length ? subnet.dnsNameservers.map((server) => parseAddress(server).address) : [dhcpIp]
  return [
    `dhcp-range=set:${tag},${address},static,${netmask(prefixLength)},${leaseSeconds}s`,
    // An empty value keeps dnsmasq from naming itself as the router.
    `dhcp-option=tag:${tag},option:router${gateway ? `,${gateway}` : ''}`,
    `dhcp-option=tag:${tag},option:dns-server,${servers.join(',')}`,
    `dhcp-option=tag:${tag},option:classless-static-route,${routes}`,
    `dhcp-option=tag:${tag},249,${routes}`,
  ]
}

/** Throws for what must not be written for this port. */
export function portLines(network: NetworkSpec, portId: string, port: PortSpec): { hosts: string[]; options: string[]; names: string[] } {
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(port.hostname))
    throw new Error(`${JSON.stringify(port.hostname.slice(0, 70))} is not a host name`)
  const mac = parseMac(port.mac)
  const tag = `port${shortId(portId)}`
  const tagged = port.dhcpOptions.length ? `set:${tag},` : ''
  const hosts: string[] = []
  const names: string[] = []
  for (const subnet of dhcpSubnets(network)) {
    const range = parseRange(subnet.cidr)
    // A client gets one address in a subnet: the first.
    const fixed = port.fixedIps.map(({ ip }) => parseAddress(ip)).find(({ family, address }) => family === 4 && contains(range, address))
    if (!fixed) continue
    hosts.push(`${mac},${tagged}${port.hostname},${fixed.address}`)
    names.push(`${fixed.address} ${port.hostname}`)
  }
  const options = port.dhcpOptions
    .filter(({ ipVersion }) => ipVersion === 4)
    .map(({ option, value }) => {
      if (!/^(\d{1,3}|[a-z][a-z0-9-]{0,40})$/.test(option)) throw new Error(`${JSON.stringify(option.slice(0, 60))} is not a DHCP option`)
      if (!/^[\x20-\x7e]{0,255}$/.test(value) || /["\\#]/.test(value))
        throw new Error(`${JSON.stringify(value.slice(0, 60))} cannot be the value of a DHCP option`)
      return `tag:${tag},${/^\d/.test(option) ? option : `option:${option}`},${value}`
    })
  return { hosts, options, names }
}

/** The three files of a network's ports. A port that must not be written is left out; `portLines` says why. */
export function renderHosts(network: NetworkSpec, ports: ReadonlyMap<string, PortSpec>): { hosts: string; options: string; names: string } {
  const all = { hosts: [] as string[], options: [] as string[], names: [] as string[] }
  for (const [id, port] of ports) {
    const lines = attempt(() => portLines(network, id, port))
    if (!lines) continue
    all.hosts.push(...lines.hosts)
    all.options.push(...lines.options)
    all.names.push(...lines.names)
  }
  const text = (lines: string[]) =>
    lines
      .sort()
      .map((line) => `${line}\n`)
      .join('')
  return { hosts: text(all.hosts), options: text(all.options), names: text(all.names) }
}

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}

function assertPrintable(line: string): void {
  if (/[^\x20-\x7e]/.test(line)) throw new Error(`a configuration line with control characters: ${JSON.stringify(line.slice(0, 80))}`)
}
