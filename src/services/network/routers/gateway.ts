// The gateway of a router: a port on an external network.
import type { Static } from 'typebox'
import { badRequest, conflict } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { canonicalIp } from '../addresses/ip.ts'
import { checkRequests, type FixedRequest } from '../ports/allocate.ts'
import { changeAddresses, changePort, makePort, removePort } from '../ports/make.ts'
import { badRouterRequest } from '../router-ports/faults.ts'
import { checkNoOverlap, connectedSubnets } from '../router-ports/overlap.ts'
import { floatingIpsOfRouter } from '../store/floating-ips.ts'
import { findVisibleNetwork } from '../store/networks.ts'
import { findPort, type Port } from '../store/ports.ts'
import { gatewayOwner, type Router, updateRouter } from '../store/routers.ts'
import { type Subnet, subnetsOfNetwork } from '../store/subnets.ts'
import { actorOf, checkAttributes, ownedBy } from '../wire/actor.ts'
import { networkNotFound } from '../wire/faults.ts'
import type { RouterChanges } from './schema.ts'

type Info = NonNullable<Static<typeof RouterChanges>['router']['external_gateway_info']>

/** SNAT and addresses of the gateway are the administrator's to choose. Throws 403. */
export function checkGatewayRules(context: BaseContext, verb: string, projectId: string, info: Info | null | undefined): void {
  const parts = {
    'external_gateway_info:enable_snat': info?.enable_snat,
    'external_gateway_info:external_fixed_ips': info?.external_fixed_ips,
  }
  checkAttributes(context, verb, Object.keys(parts), parts, ownedBy(projectId))
}

/** The address of the network's own way out is not the router's to take. Throws 400. */
function checkNotTheGateway(subnets: Subnet[], { external_fixed_ips = [] }: Info): void {
  for (const { ip_address } of external_fixed_ips) {
    const ip = ip_address === undefined ? null : canonicalIp(ip_address)
    if (ip !== null && subnets.some((subnet) => subnet.gateway_ip === ip))
      throw badRouterRequest(`External IP ${ip} is the same as the gateway IP`)
  }
}

/**
 * Whether the gateway has other addresses than those that are asked for. As in neutron both are compared as sets, so one more from a
 * subnet by no address of its own changes nothing: clients send what they were shown and count on that.
 */
function asksForOthers(port: Port, wishes: FixedRequest[]): boolean {
  const canonical = (ip: string) => canonicalIp(ip) ?? ip
  const asked = new Set(wishes.flatMap(({ subnet_id, ip_address }) => [subnet_id ?? [], ip_address ? canonical(ip_address) : []].flat()))
  const own = new Set(port.fixed_ips.flatMap(({ subnet_id, ip_address }) => [subnet_id, ip_address]))
  return own.symmetricDifference(asked).size > 0
}

async function clearGateway(context: BaseContext, router: Router): Promise<Router> {
  const { cloud, tx, now } = context
  if (router.gateway_port_id === null) return router
  if ((await floatingIpsOfRouter(tx.db, router.id)).length) {
    throw conflict(
      `Gateway cannot be updated for router ${router.id}, since a gateway to external network ${router.gateway_network_id} is required by one or more floating IPs.`,
      'RouterExternalGatewayInUseByFloatingIp',
    )
  }
  const port = await findPort(tx.db, router.gateway_port_id)
  const changed = await updateRouter(tx.db, router.id, { gateway_port_id: null, gateway_network_id: null, enable_snat: true }, now)
  if (port) await removePort(cloud, tx, port)
  return changed
}

/** Gives the router the gateway that is asked for, another, or (null or empty) none. Throws 400, 404 or 409. */
export async function setGateway(context: BaseContext, router: Router, info: Info | null): Promise<Router> {
  const { cloud, tx, now } = context
  const { db } = tx
  if (info === null || !Object.keys(info).length) return clearGateway(context, router)
  if (info.network_id === undefined) throw badRequest('Invalid input for external_gateway_info. Reason: network_id is required.')
  const network = await findVisibleNetwork(db, actorOf(context), info.network_id)
  if (!network) throw networkNotFound(info.network_id)
  if (!network.external) throw badRouterRequest(`Network ${network.id} is not an external network`)
  const subnets = await subnetsOfNetwork(db, network.id)
  checkRequests(info.external_fixed_ips ?? [])
  checkNotTheGateway(subnets, info)
  const enable_snat = info.enable_snat === undefined ? true : isTrue(info.enable_snat)
  if (router.gateway_network_id === network.id && router.gateway_port_id !== null) {
    const port = (await findPort(db, router.gateway_port_id))!
    const wishes = info.external_fixed_ips ?? []
    if (wishes.length && asksForOthers(port, wishes)) {
      const fixed_ips = await changeAddresses(cloud, tx, port, wishes)
      await changePort(cloud, tx, port, { fixed_ips }, now)
    }
    return updateRouter(db, router.id, { enable_snat }, now)
  }
  const free = await clearGateway(context, router)
  checkNoOverlap(free, await connectedSubnets(db, free), subnets)
  const port = await makePort(
    cloud,
    tx,
    {
      network,
      projectId: '',
      fixed: info.external_fixed_ips?.length ? info.external_fixed_ips : null,
      deviceId: router.id,
      deviceOwner: gatewayOwner,
      securityGroups: [],
      portSecurity: false,
      subnets,
    },
    now,
  )
  if (!port.fixed_ips.length) throw badRouterRequest(`No IPs available for external network ${network.id}`)
  return updateRouter(db, router.id, { gateway_port_id: port.id, gateway_network_id: network.id, enable_snat }, now)
}
