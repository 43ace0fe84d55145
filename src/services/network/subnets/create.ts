import type { Static } from 'typebox'
import { badRequest, forbidden, notBuilt } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { isAuto } from '../addresses/allocate.ts'
import { formatCidr } from '../addresses/cidr.ts'
import { syncNetwork } from '../documents/networks.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { findVisibleNetwork } from '../networks/store.ts'
import { ensureDhcpPort } from '../ports/dhcp-port.ts'
import { actorOf, ownedBy, ownerOf } from '../wire/actor.ts'
import { createEach, OneOrMany, OneOrManyMade } from '../wire/bodies.ts'
import { networkNotFound } from '../wire/faults.ts'
import { addAutoAddresses } from './auto-addresses.ts'
import { checkCidr, checkGateway, checkModes, checkNameservers, checkOverlap, checkPools, checkRoutes } from './check.ts'
import { NewSubnet, Subnet } from './schema.ts'
import { insertSubnet, lockNetwork, subnetsOfNetwork } from './store.ts'
import { subnetView } from './view.ts'

async function makeSubnet(context: BaseContext, given: Static<typeof NewSubnet>) {
  const { cloud, tx, now } = context
  const projectId = ownerOf(context, given)
  if (given.subnetpool_id != null || isTrue(given.use_default_subnetpool) || given.prefixlen !== undefined)
    throw notBuilt('A subnet from a subnet pool')
  const network = await findVisibleNetwork(tx.db, actorOf(context), given.network_id)
  if (!network) throw networkNotFound(given.network_id)
  const target = ownedBy(projectId, { 'network:project_id': network.project_id, 'network:tenant_id': network.project_id })
  if (!context.allows('create_subnet', target)) throw forbidden('rule:create_subnet is disallowed by policy', 'PolicyNotAuthorized')
  if (given.cidr == null) throw badRequest('a subnetpool must be specified in the absence of a cidr')
  await lockNetwork(tx.db, network.id)
  const version = Number(given.ip_version) as 4 | 6
  const cidr = checkCidr(given.cidr, version)
  const enable_dhcp = given.enable_dhcp === undefined ? true : isTrue(given.enable_dhcp)
  const ipv6_ra_mode = given.ipv6_ra_mode ?? null
  const ipv6_address_mode = given.ipv6_address_mode ?? null
  checkModes(version, enable_dhcp, ipv6_ra_mode, ipv6_address_mode, cidr)
  checkOverlap(cidr, await subnetsOfNetwork(tx.db, network.id), network.id)
  const gateway_ip = checkGateway(given.gateway_ip, cidr)
  await cloud.quota.take(tx, projectId, { 'network.subnet': 1 })
  const subnet = await insertSubnet(tx.db, {
    id: cloud.environment.uuid(),
    project_id: projectId,
    network_id: network.id,
    name: given.name ?? '',
    description: given.description ?? '',
    ip_version: version,
    cidr: formatCidr(cidr),
    gateway_ip,
    enable_dhcp,
    allocation_pools: checkPools(given.allocation_pools, cidr, gateway_ip),
    dns_nameservers: checkNameservers(given.dns_nameservers),
    host_routes: checkRoutes(given.host_routes, 'host_routes', version),
    ipv6_ra_mode,
    ipv6_address_mode,
    created_at: now,
    updated_at: now,
  })
  await tellNetwork(cloud, tx, networkEvents.subnet.created, subnet)
  if (enable_dhcp) await ensureDhcpPort(cloud, tx, network.id, now)
  if (isAuto(subnet)) await addAutoAddresses(cloud, tx, subnet, now)
  await syncNetwork(cloud, tx, network.id)
  return subnetView(subnet)
}

/** Reference 13.3.2, 13.3.3. */
export const createSubnet = operation({
  id: 'subnets.create',
  method: 'POST',
  path: '/subnets',
  summary: 'Create one subnet or several',
  catalog: ['network-v2.0.subnets.create-subnet', 'network-v2.0.subnets.bulk-create-subnet'],
  body: OneOrMany('subnet', 'subnets', NewSubnet),
  status: 201,
  answer: OneOrManyMade('subnet', 'subnets', Subnet),
  quota: { 'network.subnet': 'handler' },
  policy: rule('create_subnet', '(rule:admin_only) or (role:member and rule:network_owner)', 'Create a subnet.'),
  policyTarget: ({ who }) => ({ 'network:project_id': who.project?.id, 'network:tenant_id': who.project?.id }),
  handle: async (context) => createEach(context.body, 'subnet', 'subnets', (given: Static<typeof NewSubnet>) => makeSubnet(context, given)),
})
