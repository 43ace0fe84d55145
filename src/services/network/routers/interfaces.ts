// Interfaces connect a router with subnets: by subnet (a port with the subnet's gateway address is made) or by a port that exists.
import type { Static } from 'typebox'
import { badRequest, conflict, forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { syncRouter } from '../documents/routers.ts'
import { findNetwork } from '../networks/store.ts'
import { changeAddresses, changePort, makePort, removePort } from '../ports/make.ts'
import { findPort, findVisiblePort, lockPort, type Port } from '../ports/store.ts'
import { member } from '../rules.ts'
import { findSubnet, findSubnets, findVisibleSubnet, type Subnet } from '../subnets/store.ts'
import { actorOf } from '../wire/actor.ts'
import { portNotFound, subnetNotFound } from '../wire/faults.ts'
import { badRouterRequest } from './faults.ts'
import { checkNotNeeded, checkSubnetsOfPort } from './interface-addresses.ts'
import { checkNoOverlap, connectedSubnets } from './overlap.ts'
import { routerResource } from './resource.ts'
import { Interface, InterfaceBody } from './schema.ts'
import { interfaceOwner, interfacesOf, lockRouter, type Router } from './store.ts'

const interfaceView = (router: Router, port: Port, subnetId: string): Static<typeof Interface> => ({
  id: router.id,
  tenant_id: router.project_id,
  project_id: router.project_id,
  port_id: port.id,
  network_id: port.network_id,
  subnet_id: subnetId,
  subnet_ids: [subnetId],
})

async function addBySubnet(context: BaseContext, router: Router, subnetId: string): Promise<{ port: Port; subnet: Subnet }> {
  const { cloud, tx, now } = context
  const actor = actorOf(context)
  const subnet = await findVisibleSubnet(tx.db, actor, subnetId)
  if (!subnet) throw subnetNotFound(subnetId)
  const network = (await findNetwork(tx.db, subnet.network_id))!
  if (!actor.isAdmin && network.project_id !== actor.projectId && subnet.project_id !== actor.projectId) {
    // Whoever takes the gateway's address takes everybody's traffic.
    throw forbidden(
      `The gateway address of subnet ${subnet.id} belongs to the owner of its network; connect by a port.`,
      'PolicyNotAuthorized',
    )
  }
  if (subnet.gateway_ip === null) throw badRouterRequest('Subnet for router interface must have a gateway IP')
  checkNoOverlap(router, await connectedSubnets(tx.db, router), [subnet])
  const wish = { subnet_id: subnet.id, ip_address: subnet.gateway_ip }
  if (subnet.ip_version === 6) {
    // IPv6 subnets of one network share a port.
    for (const port of await interfacesOf(tx.db, router.id)) {
      if (port.network_id !== subnet.network_id || !port.fixed_ips.every((fixed) => fixed.ip_address.includes(':'))) continue
      const fixed_ips = await changeAddresses(cloud, tx, port, [...port.fixed_ips, wish])
      return { port: await changePort(cloud, tx, port, { fixed_ips }, now), subnet }
    }
  }
  const port = await makePort(
    cloud,
    tx,
    {
      network,
      projectId: router.project_id,
      fixed: [wish],
      deviceId: router.id,
      deviceOwner: interfaceOwner,
      securityGroups: [],
      portSecurity: false,
    },
    now,
  )
  return { port, subnet }
}

async function addByPort(context: BaseContext, router: Router, portId: string): Promise<{ port: Port; subnet: Subnet }> {
  const { cloud, tx, now } = context
  const seen = await findVisiblePort(tx.db, actorOf(context), portId)
  const port = seen && (await lockPort(tx.db, seen.id))
  if (!port) throw portNotFound(portId)
  const device = port.bound_server ?? port.device_id
  if (device && device !== router.id) {
    throw conflict(
      `Unable to complete operation on port ${port.id} for network ${port.network_id}. Port already has an attached device ${device}.`,
      'PortInUse',
    )
  }
  if (port.device_owner === interfaceOwner) throw badRouterRequest(`Port ${port.id} is an interface of this router already`)
  const subnets = await findSubnets(tx.db, [...new Set(port.fixed_ips.map((fixed) => fixed.subnet_id))])
  checkSubnetsOfPort(subnets)
  checkNoOverlap(router, await connectedSubnets(tx.db, router), subnets)
  const changed = await changePort(
    cloud,
    tx,
    port,
    { device_id: router.id, device_owner: interfaceOwner, security_groups: [], allowed_address_pairs: [], port_security_enabled: false },
    now,
  )
  return { port: changed, subnet: subnets[0]! }
}

/** Reference 14.9.6. */
export const addInterface = operation({
  id: 'routers.add-interface',
  method: 'PUT',
  path: '/routers/{router_id}/add_router_interface',
  summary: 'Connect a router with a subnet',
  catalog: ['network-v2.0-ext.layer-3-networking.add-interface-to-router'],
  body: InterfaceBody,
  answer: Interface,
  quota: { 'network.port': 'handler' },
  policy: rule('add_router_interface', member, 'Connect a router with a subnet.'),
  on: routerResource,
  async handle(context) {
    const { body, tx, cloud, now } = context
    const router = (await lockRouter(tx.db, context.router.id))!
    const { subnet_id, port_id } = body
    if (subnet_id !== undefined && port_id !== undefined) throw badRouterRequest('Cannot specify both subnet-id and port-id')
    if (subnet_id === undefined && port_id === undefined) throw badRouterRequest('Either subnet_id or port_id must be specified')
    const { port, subnet } =
      subnet_id === undefined ? await addByPort(context, router, port_id!) : await addBySubnet(context, router, subnet_id)
    await syncRouter(cloud, tx, router.id, now)
    return interfaceView(router, port, subnet.id)
  },
})

/** Reference 14.9.7: the port is deleted with its last address. */
export const removeInterface = operation({
  id: 'routers.remove-interface',
  method: 'PUT',
  path: '/routers/{router_id}/remove_router_interface',
  summary: 'Disconnect a router from a subnet',
  catalog: ['network-v2.0-ext.layer-3-networking.remove-interface-from-router'],
  body: InterfaceBody,
  answer: Interface,
  policy: rule('remove_router_interface', member, 'Disconnect a router from a subnet.'),
  on: routerResource,
  async handle(context) {
    const { body, tx, cloud, now } = context
    const router = (await lockRouter(tx.db, context.router.id))!
    const { subnet_id, port_id } = body
    if (subnet_id === undefined && port_id === undefined) {
      throw badRequest('Invalid input for operation: Either subnet_id or port_id must be specified.', 'InvalidInput')
    }
    const interfaces = await interfacesOf(tx.db, router.id)
    const port = interfaces.find(
      (one) =>
        (port_id === undefined || one.id === port_id) &&
        (subnet_id === undefined || one.fixed_ips.some((fixed) => fixed.subnet_id === subnet_id)),
    )
    if (!port) {
      if (port_id !== undefined && subnet_id !== undefined && interfaces.some((one) => one.id === port_id)) {
        throw conflict(`Subnet on port ${port_id} does not match the requested subnet ${subnet_id}.`, 'SubnetMismatchForPort')
      }
      if (port_id !== undefined && !(await findPort(tx.db, port_id))) throw portNotFound(port_id)
      if (subnet_id !== undefined && !(await findSubnet(tx.db, subnet_id))) throw subnetNotFound(subnet_id)
      throw port_id === undefined
        ? notFound(`Router ${router.id} has no interface on subnet ${subnet_id}`, 'RouterInterfaceNotFoundForSubnet')
        : notFound(`Router ${router.id} does not have an interface with id ${port_id}`, 'RouterInterfaceNotFound')
    }
    const leaving = port.fixed_ips.filter((fixed) => port_id !== undefined || fixed.subnet_id === subnet_id)
    const subnets = await findSubnets(tx.db, [...new Set(leaving.map((fixed) => fixed.subnet_id))])
    for (const subnet of subnets) await checkNotNeeded(tx.db, router, subnet)
    const stay = port.fixed_ips.filter((fixed) => !leaving.includes(fixed))
    if (stay.length) {
      const fixed_ips = await changeAddresses(cloud, tx, port, stay)
      await changePort(cloud, tx, port, { fixed_ips }, now)
    } else await removePort(cloud, tx, port)
    await syncRouter(cloud, tx, router.id, now)
    return interfaceView(router, port, subnet_id ?? leaving[0]!.subnet_id)
  },
})
