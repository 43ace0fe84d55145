// What an interface of a router may come to be: the same when it is made, when its addresses are changed, and when it goes.
import { conflict } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import { contains, parseCidr } from '../addresses/cidr.ts'
import { parseIp } from '../addresses/ip.ts'
import { floatingIpsOfRouter } from '../store/floating-ips.ts'
import type { Port } from '../store/ports.ts'
import { lockRouter, type Router } from '../store/routers.ts'
import { findSubnets, type Subnet } from '../store/subnets.ts'
import type { FixedAddress } from '../tables.ts'
import { badRouterRequest } from './faults.ts'
import { checkNoOverlap, connectedSubnets } from './overlap.ts'

/** Throws 409 while a floating IP or a route of the router leads into that subnet. */
export async function checkNotNeeded(db: Db, router: Router, subnet: Subnet): Promise<void> {
  const cidr = parseCidr(subnet.cidr)!
  const floating = await floatingIpsOfRouter(db, router.id)
  if (floating.some((one) => one.fixed_ip_address && contains(cidr, parseIp(one.fixed_ip_address)!))) {
    throw conflict(
      `Router interface for subnet ${subnet.id} on router ${router.id} cannot be deleted, as it is required by one or more floating IPs.`,
      'RouterInterfaceInUseByFloatingIP',
    )
  }
  if (router.routes.some((route) => contains(cidr, parseIp(route.nexthop)!))) {
    throw conflict(
      `Router interface for subnet ${subnet.id} on router ${router.id} cannot be deleted, as it is required by one or more routes.`,
      'RouterInterfaceInUseByRoute',
    )
  }
}

/** Throws 400 for subnets that no port of a router may have together. */
export function checkSubnetsOfPort(subnets: Subnet[]): void {
  if (!subnets.length) throw badRouterRequest('Router port must have at least one fixed IP')
  if (subnets.filter((subnet) => subnet.ip_version === 4).length > 1)
    throw badRouterRequest('Cannot have multiple IPv4 subnets on router port')
}

/** What connecting and disconnecting would refuse is refused too when an interface gets other addresses. Throws 400 and 409. */
export async function checkNewAddresses(db: Db, port: Port, fixedIps: FixedAddress[]): Promise<void> {
  const router = await lockRouter(db, port.device_id)
  if (!router) return
  const idsOf = (addresses: FixedAddress[]) => new Set(addresses.map((fixed) => fixed.subnet_id))
  const [before, after] = [idsOf(port.fixed_ips), idsOf(fixedIps)]
  checkSubnetsOfPort(await findSubnets(db, [...after]))
  for (const subnet of await findSubnets(db, [...before.difference(after)])) await checkNotNeeded(db, router, subnet)
  const others = (await connectedSubnets(db, router)).filter((subnet) => !before.has(subnet.id))
  checkNoOverlap(router, others, await findSubnets(db, [...after.difference(before)]))
}
