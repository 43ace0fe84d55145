// Giving out addresses. Whoever does it holds the subnet's lock, and the table of addresses has each only once, so two
// ports never get the same one.
import { badRequest } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import { contains, eui64, hostRange, parseCidr } from '../addresses/cidr.ts'
import { bitsOf, canonicalIp, formatIp, fromKey, type Ip, keyOf, parseIp } from '../addresses/ip.ts'
import { rangeOf } from '../addresses/pools.ts'
import { isTaken, lockSubnets, rememberLast, type Subnet, takeAddress, takenKeys } from '../store/subnets.ts'
import type { FixedAddress } from '../tables.ts'
import { addressInUse, invalid, noMoreAddresses, subnetNotFound } from '../wire/faults.ts'

/** What a port asks for: a subnet, an address, or both. */
export interface FixedRequest {
  subnet_id?: string
  ip_address?: string
}

const window = 128

/** The first free address behind the one given out last, round the pools; null when there is none. The caller holds the lock. */
async function nextFree(db: Db, subnet: Subnet): Promise<Ip | null> {
  const version = subnet.ip_version
  const ranges = subnet.allocation_pools.map(rangeOf).sort((a, b) => (a.first < b.first ? -1 : 1))
  const last = subnet.last_key ? fromKey(subnet.last_key).value : -1n
  // The part of the pools behind the last one first, then the part before it.
  const order = [
    ...ranges.flatMap((r) => (r.last > last ? [{ first: r.first > last ? r.first : last + 1n, last: r.last }] : [])),
    ...ranges.flatMap((r) => (r.first <= last ? [{ first: r.first, last: r.last < last ? r.last : last }] : [])),
  ]
  for (const range of order) {
    let candidate = range.first
    while (candidate <= range.last) {
      const taken = await takenKeys(db, subnet.id, keyOf({ version, value: candidate }), window)
      for (const key of taken) {
        if (fromKey(key).value !== candidate) break
        candidate++
      }
      if (candidate > range.last) break
      // Behind a full window the search goes on; else the candidate is free.
      if (taken.length < window || fromKey(taken.at(-1)!).value >= candidate) return { version, value: candidate }
    }
  }
  return null
}

/** True where hosts give themselves an address from their MAC. */
export const isAuto = (subnet: Pick<Subnet, 'ipv6_address_mode' | 'ipv6_ra_mode'>): boolean =>
  ['slaac', 'dhcpv6-stateless'].includes(subnet.ipv6_address_mode ?? '')

/** Takes this very address for the port. Throws 409 when another has it. */
async function take(db: Db, subnet: Subnet, portId: string, ip: Ip): Promise<FixedAddress> {
  const ip_key = keyOf(ip)
  const ip_address = formatIp(ip)
  if (await isTaken(db, subnet.id, ip_key)) throw addressInUse(ip_address, subnet.network_id)
  await takeAddress(db, { subnet_id: subnet.id, ip_key, ip_address, port_id: portId })
  return { subnet_id: subnet.id, ip_address }
}

/**
 * The address when a port may have it in the subnet: no network or broadcast address. The first one of an IPv6 subnet means its
 * routers (RFC 4291 2.6.1): `mayRoute` allows it. Throws 400.
 */
export function usableAddress(subnet: Subnet, text: string, mayRoute = false): Ip {
  const ip = parseIp(text)
  if (!ip) throw invalid(`'${text.slice(0, 64)}' is not a valid IP address.`)
  const cidr = parseCidr(subnet.cidr)!
  const { first, last } = mayRoute && cidr.version === 6 ? cidr : hostRange(cidr)
  const noHost = (ip.value < first || ip.value > last) && bitsOf(cidr.version) - cidr.prefix > 1
  if (noHost || !contains(cidr, ip))
    throw badRequest(`IP address ${text} is not a valid IP for the specified subnet.`, 'InvalidIpForSubnet')
  return ip
}

export interface Allocation {
  portId: string
  mac: string
  /** All subnets of the network, oldest first. */
  subnets: Subnet[]
  /** null: one address of each IP version. */
  requests: FixedRequest[] | null
  /** Addresses that the port has and keeps. */
  kept?: FixedAddress[]
  /** The guest gives itself an address in every subnet of that kind, whatever else is asked for. */
  autoAddresses?: boolean
  /** Routers' ports may have the gateway's address, and no address of their own making. */
  isRouter?: boolean
  /** Ports of routers, and those that are nobody's yet. */
  mayRoute?: boolean
  networkId: string
}

/** Throws 400 for a request that names nothing, and for an address that is asked for twice; any number may come from one subnet. */
export function checkRequests(requests: FixedRequest[]): void {
  const asked = new Set<string>()
  for (const { subnet_id, ip_address } of requests) {
    if (subnet_id === undefined && ip_address === undefined) throw invalid('IP allocation requires subnet_id or ip_address')
    if (ip_address === undefined) continue
    const ip = canonicalIp(ip_address)
    if (!ip) throw badRequest(`Invalid input for fixed_ips. Reason: '${ip_address.slice(0, 64)}' is not a valid IP address.`)
    if (asked.has(ip)) throw badRequest(`Invalid input for fixed_ips. Reason: Duplicate IP address '${ip.slice(0, 64)}'.`)
    asked.add(ip)
  }
}

/** Chooses and takes the addresses of a port, all or none. */
export async function allocate(
  db: Db,
  { portId, mac, subnets, requests, kept = [], autoAddresses = false, isRouter = false, mayRoute = false, networkId }: Allocation,
): Promise<FixedAddress[]> {
  interface Choice {
    /** Any of these. */
    among: Subnet[]
    ip?: string
  }
  const choices: Choice[] = []
  const auto = subnets.filter(isAuto)
  if (requests === null) {
    for (const version of [4, 6] as const) {
      const among = subnets.filter((subnet) => subnet.ip_version === version && !isAuto(subnet))
      if (among.length) choices.push({ among })
    }
  } else {
    for (const request of requests) {
      if (request.subnet_id !== undefined) {
        const subnet = subnets.find((one) => one.id === request.subnet_id)
        if (!subnet) {
          throw invalid(
            `Failed to create port on network ${networkId}, because fixed_ips included invalid subnet ${request.subnet_id.slice(0, 64)}.`,
          )
        }
        choices.push({ among: [subnet], ip: request.ip_address })
        continue
      }
      const ip = parseIp(request.ip_address!)
      const subnet = ip && subnets.find((one) => contains(parseCidr(one.cidr)!, ip))
      if (!subnet)
        throw badRequest(
          `IP address ${request.ip_address} is not a valid IP for any of the subnets on the specified network.`,
          'InvalidIpForNetwork',
        )
      choices.push({ among: [subnet], ip: request.ip_address })
    }
  }
  if ((requests === null || autoAddresses) && !isRouter) {
    const there = new Set([...kept.map((fixed) => fixed.subnet_id), ...choices.flatMap(({ among }) => among.map((subnet) => subnet.id))])
    for (const subnet of auto) if (!there.has(subnet.id)) choices.push({ among: [subnet] })
  }
  const ids = [...new Set(choices.flatMap((choice) => choice.among.map((subnet) => subnet.id)))]
  const locked = new Map((await lockSubnets(db, ids)).map((subnet) => [subnet.id, subnet]))
  const taken: FixedAddress[] = []
  for (const { among, ip } of choices) {
    const candidates = among.flatMap((subnet) => locked.get(subnet.id) ?? [])
    if (!candidates.length) throw subnetNotFound(among[0]!.id)
    if (ip !== undefined) {
      const subnet = candidates[0]!
      if (isAuto(subnet) && !isRouter && formatIp(usableAddress(subnet, ip)) !== eui64(parseCidr(subnet.cidr)!, mac)) {
        throw badRequest(
          `IPv6 address ${ip} can not be directly assigned to a port on subnet ${subnet.id} since the subnet is configured for automatic addresses`,
          'AllocationOnAutoAddressSubnet',
        )
      }
      taken.push(await take(db, subnet, portId, usableAddress(subnet, ip, mayRoute)))
    } else if (isAuto(candidates[0]!) && !isRouter) {
      const subnet = candidates[0]!
      taken.push(await take(db, subnet, portId, parseIp(eui64(parseCidr(subnet.cidr)!, mac))!))
    } else taken.push(await takeFromAny(db, candidates, portId, networkId))
  }
  return taken
}

async function takeFromAny(db: Db, subnets: Subnet[], portId: string, networkId: string): Promise<FixedAddress> {
  for (const subnet of subnets) {
    const free = await nextFree(db, subnet)
    if (!free) continue
    const ip_key = keyOf(free)
    const ip_address = formatIp(free)
    await takeAddress(db, { subnet_id: subnet.id, ip_key, ip_address, port_id: portId })
    await rememberLast(db, subnet.id, ip_key)
    subnet.last_key = ip_key
    return { subnet_id: subnet.id, ip_address }
  }
  throw noMoreAddresses(networkId)
}
