// Which address a floating IP leads to, and through which router.
import { conflict, notFound } from '../../../api/faults.ts'
import { holdRows } from '../../../db/hold.ts'
import { canonicalIp } from '../addresses/ip.ts'
import { type FloatingIp, floatingIpsOfPorts } from '../store/floating-ips.ts'
import { findVisiblePort, lockPort } from '../store/ports.ts'
import { interfacesOf, routersOnSubnet } from '../store/routers.ts'
import { findSubnet } from '../store/subnets.ts'
import { type Asker, actorOf } from '../wire/actor.ts'
import { portNotFound } from '../wire/faults.ts'
import { badFloatingIpRequest } from './faults.ts'

export interface Association {
  port_id: string
  fixed_ip_address: string
  router_id: string
}

interface Wish {
  portId: string
  fixedIp: string | null
  floatingNetworkId: string
  projectId: string
  /** The floating IP that is moved, when there is one already. */
  self: FloatingIp | null
}

/** Throws 400 for a port without that address or with several, 404 where no router leads there, 409 where another floating IP is. */
export async function associate(asker: Asker, { portId, fixedIp, floatingNetworkId, projectId, self }: Wish): Promise<Association> {
  const { db } = asker.tx
  const actor = actorOf(asker)
  const seen = await findVisiblePort(db, actor, portId)
  const port = seen && (await lockPort(db, seen.id))
  if (!port) throw portNotFound(portId)
  if (!actor.isAdmin && port.project_id !== projectId) {
    throw badFloatingIpRequest(`Cannot process floating IP association with Port ${port.id} of another project`)
  }
  const own = port.fixed_ips.filter((fixed) => !fixed.ip_address.includes(':'))
  const wanted = fixedIp === null ? null : (canonicalIp(fixedIp) ?? fixedIp)
  if (wanted === null && own.length > 1) {
    throw badFloatingIpRequest(
      `Port ${port.id} has multiple fixed IPv4 addresses. Must provide a specific IPv4 address when assigning a floating IP`,
    )
  }
  if (!own.length) throw badFloatingIpRequest(`Cannot add floating IP to port ${port.id} that has no fixed IPv4 addresses`)
  const fixed = wanted === null ? own[0]! : own.find((one) => one.ip_address === wanted)
  if (!fixed) throw badFloatingIpRequest(`Port ${port.id} does not have fixed ip ${wanted!.slice(0, 64)}`)
  const other = (await floatingIpsOfPorts(db, [port.id])).find((one) => one.fixed_ip_address === fixed.ip_address && one.id !== self?.id)
  if (other) {
    throw conflict(
      `Cannot associate floating IP ${self?.floating_ip_address ?? ''} with port ${port.id} using fixed IP ${fixed.ip_address}, as that fixed IP already has a floating IP on external network ${other.floating_network_id}.`,
      'FloatingIPPortAlreadyAssociated',
    )
  }
  // Neither gateway nor interface of a router goes while it is chosen.
  const candidates = await routersOnSubnet(db, fixed.subnet_id)
  await holdRows(
    asker.cloud.database,
    db,
    'network_routers',
    candidates.map(({ id }) => id),
  )
  const routers = (await routersOnSubnet(db, fixed.subnet_id)).filter((router) => router.gateway_network_id === floatingNetworkId)
  if (!routers.length) {
    throw notFound(
      `External network ${floatingNetworkId} is not reachable from subnet ${fixed.subnet_id}.  Therefore, cannot associate Port ${port.id} with a Floating IP.`,
      'ExternalGatewayForFloatingIPNotFound',
    )
  }
  // Of several, the one that the subnet's guests use.
  const subnet = await findSubnet(db, fixed.subnet_id)
  for (const router of routers) {
    const ports = await interfacesOf(db, router.id)
    if (ports.some((one) => one.fixed_ips.some((ip) => ip.subnet_id === fixed.subnet_id && ip.ip_address === subnet?.gateway_ip))) {
      return { port_id: port.id, fixed_ip_address: fixed.ip_address, router_id: router.id }
    }
  }
  return { port_id: port.id, fixed_ip_address: fixed.ip_address, router_id: routers[0]!.id }
}
