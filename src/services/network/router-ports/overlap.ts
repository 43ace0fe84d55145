import type { Db } from '../../../db/database.ts'
import { overlap, parseCidr } from '../addresses/cidr.ts'
import { findPort } from '../store/ports.ts'
import { interfacesOf, type Router } from '../store/routers.ts'
import { findSubnets, type Subnet } from '../store/subnets.ts'
import { badRouterRequest } from './faults.ts'

/** Subnets that the router is connected to, by an interface or its gateway. */
export async function connectedSubnets(db: Db, router: Router): Promise<Subnet[]> {
  const gateway = router.gateway_port_id === null ? undefined : await findPort(db, router.gateway_port_id)
  const ports = [...(await interfacesOf(db, router.id)), ...(gateway ? [gateway] : [])]
  return findSubnets(db, [...new Set(ports.flatMap((port) => port.fixed_ips.map((fixed) => fixed.subnet_id)))])
}

/** A router cannot tell apart two subnets with the same addresses. Throws 400. */
export function checkNoOverlap(router: Router, connected: Subnet[], subnets: Subnet[]): void {
  for (const subnet of subnets) {
    for (const other of connected) {
      if (other.id === subnet.id) throw badRouterRequest(`Router already has a port on subnet ${subnet.id}`)
      if (overlap(parseCidr(other.cidr)!, parseCidr(subnet.cidr)!)) {
        throw badRouterRequest(
          `Cidr ${subnet.cidr} of subnet ${subnet.id} overlaps with cidr ${other.cidr} of subnet ${other.id} on router ${router.id}`,
        )
      }
    }
  }
}
