// What a subnet may be: its addresses, gateway, pools and routes must fit together.
import { badRequest, conflict } from '../../../api/faults.ts'
import { type Cidr, contains, formatCidr, hostRange, overlap, parseCidr } from '../addresses/cidr.ts'
import { bitsOf, canonicalIp, formatIp, type Ip, parseIp } from '../addresses/ip.ts'
import { defaultPools, inPools, type Pool, rangeOf } from '../addresses/pools.ts'
import type { Subnet } from '../store/subnets.ts'
import type { Route } from '../tables.ts'
import { invalid } from '../wire/faults.ts'

/** The subnet's range. Throws 400. */
export function checkCidr(text: string, version: 4 | 6): Cidr {
  const cidr = text.includes('/') ? parseCidr(text) : null
  if (!cidr) throw badRequest(`Invalid input for cidr. Reason: '${text.slice(0, 64)}' is not a valid IP subnet.`)
  if (cidr.version !== version) throw invalid(`Network ip_version '${version}' does not match cidr '${text}'`)
  if (cidr.prefix === 0) throw invalid('0 is not allowed as CIDR prefix length')
  if (version === 4 && cidr.first >> 28n === 14n) throw invalid('Multicast IP subnet is not supported.')
  if (version === 6 && cidr.first >> 120n === 255n) throw invalid('Multicast IP subnet is not supported.')
  if (version === 4 && cidr.first >> 24n === 127n) throw invalid('Loopback IP subnet is not supported.')
  return cidr
}

/** Throws 400 when another subnet of the network has some of the addresses. */
export function checkOverlap(cidr: Cidr, others: Subnet[], networkId: string): void {
  const other = others.find((one) => overlap(parseCidr(one.cidr)!, cidr))
  if (!other) return
  throw invalid(`Requested subnet with cidr: ${formatCidr(cidr)} for network: ${networkId} overlaps with another subnet`)
}

const need = (text: string, what: string): Ip => {
  const ip = parseIp(text)
  if (!ip) throw badRequest(`Invalid input for ${what}. Reason: '${text.slice(0, 64)}' is not a valid IP address.`)
  return ip
}

/** The gateway: the first address unless given, none for null. Throws 400. */
export function checkGateway(given: string | null | undefined, cidr: Cidr): string | null {
  if (given === null) return null
  if (given === undefined) return formatIp({ version: cidr.version, value: hostRange(cidr).first })
  const ip = need(given, 'gateway_ip')
  if (ip.version !== cidr.version) throw invalid(`gateway_ip '${given}' does not match the ip_version '${cidr.version}'`)
  // The first address of an IPv6 subnet means its routers.
  const { first, last } = cidr.version === 6 ? cidr : hostRange(cidr)
  const linkLocal = cidr.version === 6 && ip.value >> 118n === 0x3fan
  if (!linkLocal && contains(cidr, ip) && (ip.value < first || ip.value > last)) throw invalid('Gateway is not valid on subnet')
  if (!linkLocal && !contains(cidr, ip) && bitsOf(cidr.version) - cidr.prefix > 1) throw invalid('Gateway is not valid on subnet')
  return formatIp(ip)
}

/** The pools, in order: all but the gateway unless given. Throws 400 or 409. */
export function checkPools(given: Pool[] | null | undefined, cidr: Cidr, gateway: string | null): Pool[] {
  const value = gateway === null ? null : parseIp(gateway)!.value
  if (given === undefined || given === null) return defaultPools(cidr, value)
  const { first, last } = hostRange(cidr)
  const pools = given.map(({ start, end }) => {
    const [from, to] = [need(start, 'allocation_pools'), need(end, 'allocation_pools')]
    if (from.version !== cidr.version || to.version !== cidr.version || from.value > to.value) {
      throw badRequest(`The allocation pool ${start}-${end} is not valid.`, 'InvalidAllocationPool')
    }
    if (from.value < first || to.value > last) {
      throw badRequest(`The allocation pool ${start}-${end} spans beyond the subnet cidr ${formatCidr(cidr)}.`, 'OutOfBoundsAllocationPool')
    }
    return { start: formatIp(from), end: formatIp(to) }
  })
  const sorted = [...pools].sort((a, b) => (rangeOf(a).first < rangeOf(b).first ? -1 : 1))
  for (const [index, pool] of sorted.entries()) {
    const next = sorted[index + 1]
    if (next && rangeOf(next).first <= rangeOf(pool).last) {
      throw conflict(
        `Found overlapping allocation pools: ${pool.start}-${pool.end} and ${next.start}-${next.end} for subnet ${formatCidr(cidr)}.`,
        'OverlappingAllocationPools',
      )
    }
  }
  if (value !== null && inPools(pools, value)) {
    throw conflict(`Gateway ip ${gateway} conflicts with allocation pool.`, 'GatewayConflictWithAllocationPools')
  }
  return pools
}

export function checkNameservers(given: string[] | null | undefined): string[] {
  const servers = (given ?? []).map((text) => formatIp(need(text, 'dns_nameservers')))
  if (new Set(servers).size < servers.length) throw badRequest('Invalid input for dns_nameservers. Reason: duplicate nameserver.')
  return servers
}

/** Routes with ranges and addresses of one IP version. Throws 400. */
export function checkRoutes(
  given: { destination: string; nexthop: string }[] | null | undefined,
  what: string,
  version: 4 | 6 | null,
): Route[] {
  const routes = (given ?? []).map(({ destination, nexthop }) => {
    const range = parseCidr(destination)
    const via = canonicalIp(nexthop)
    if (!range || !via)
      throw badRequest(`Invalid input for ${what}. Reason: '${`${destination} ${nexthop}`.slice(0, 130)}' is no valid route.`)
    if (parseIp(via)!.version !== range.version || (version !== null && range.version !== version)) {
      throw invalid(`${what}: '${destination}' and '${nexthop}' do not match the ip_version.`)
    }
    return { destination: formatCidr(range), nexthop: via }
  })
  if (new Set(routes.map((route) => JSON.stringify(route))).size < routes.length)
    throw badRequest(`Invalid input for ${what}. Reason: duplicate route.`)
  return routes
}

/** The IPv6 modes must not contradict each other, and need DHCP. Throws 400. */
export function checkModes(version: 4 | 6, dhcp: boolean, ra: string | null, address: string | null, cidr: Cidr): void {
  if (ra === null && address === null) return
  if (version === 4) throw invalid('ipv6_ra_mode and ipv6_address_mode are not valid when ip_version is 4')
  if (!dhcp) throw invalid('ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False')
  if (ra !== null && address !== null && ra !== address) {
    throw invalid(
      `ipv6_ra_mode set to '${ra}' with ipv6_address_mode set to '${address}' is not valid. If both attributes are set, they must be the same value`,
    )
  }
  if (address !== null && address !== 'dhcpv6-stateful' && cidr.prefix !== 64) {
    throw invalid(
      `Invalid CIDR ${formatCidr(cidr)} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64`,
    )
  }
}
