import { Type } from 'typebox'
import { conflict } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { parseCidr } from '../addresses/cidr.ts'
import { parseIp } from '../addresses/ip.ts'
import { inPools } from '../addresses/pools.ts'
import { syncNetwork } from '../documents/networks.ts'
import { syncRouter } from '../documents/routers.ts'
import { ensureDhcpPort } from '../ports/dhcp-port.ts'
import { member, networkOwner } from '../rules.ts'
import { routersOfSubnet } from '../store/subnet-routers.ts'
import { lockNetwork, portsOnSubnet, updateSubnet } from '../store/subnets.ts'
import { invalid } from '../wire/faults.ts'
import { checkRevision } from '../wire/revision.ts'
import { checkGateway, checkNameservers, checkPools, checkRoutes } from './check.ts'
import { subnetResource } from './resource.ts'
import { Subnet, SubnetChanges } from './schema.ts'
import { subnetView } from './view.ts'

/** Reference 13.3.5. */
export const changeSubnet = operation({
  id: 'subnets.update',
  method: 'PUT',
  path: '/subnets/{subnet_id}',
  summary: 'Change a subnet',
  catalog: ['network-v2.0.subnets.update-subnet'],
  body: SubnetChanges,
  answer: Type.Object({ subnet: Subnet }),
  policy: rule('update_subnet', `${member} or (${networkOwner})`, 'Change a subnet.'),
  on: subnetResource,
  async handle(context) {
    const { tx, cloud, subnet, now } = context
    const given = context.body.subnet
    checkRevision(context, subnet.revision)
    await lockNetwork(tx.db, subnet.network_id)
    const cidr = parseCidr(subnet.cidr)!
    const gateway_ip = given.gateway_ip === undefined ? subnet.gateway_ip : checkGateway(given.gateway_ip, cidr)
    if (gateway_ip !== subnet.gateway_ip && subnet.gateway_ip !== null) {
      const used = (await portsOnSubnet(tx.db, subnet.id)).find(
        (port) => port.ip_address === subnet.gateway_ip && port.device_owner === 'network:router_interface',
      )
      if (used)
        throw conflict(`Current gateway ip ${subnet.gateway_ip} already in use by port ${used.id}. Unable to update.`, 'GatewayIpInUse')
    }
    const allocation_pools =
      given.allocation_pools === undefined ? subnet.allocation_pools : checkPools(given.allocation_pools, cidr, gateway_ip)
    if (gateway_ip !== null && inPools(allocation_pools, parseIp(gateway_ip)!.value)) {
      throw conflict(`Gateway ip ${gateway_ip} conflicts with allocation pool.`, 'GatewayConflictWithAllocationPools')
    }
    const enable_dhcp = given.enable_dhcp === undefined ? subnet.enable_dhcp : isTrue(given.enable_dhcp)
    if (!enable_dhcp && (subnet.ipv6_ra_mode ?? subnet.ipv6_address_mode) !== null) {
      throw invalid('Cannot disable enable_dhcp with ipv6 attributes set')
    }
    const row = await updateSubnet(
      tx.db,
      subnet.id,
      {
        ...(given.name === undefined ? {} : { name: given.name ?? '' }),
        ...(given.description === undefined ? {} : { description: given.description ?? '' }),
        ...(given.dns_nameservers === undefined ? {} : { dns_nameservers: checkNameservers(given.dns_nameservers) }),
        ...(given.host_routes === undefined ? {} : { host_routes: checkRoutes(given.host_routes, 'host_routes', subnet.ip_version) }),
        gateway_ip,
        allocation_pools,
        enable_dhcp,
      },
      now,
    )
    if (enable_dhcp !== subnet.enable_dhcp) await ensureDhcpPort(cloud, tx, subnet.network_id, now)
    await syncNetwork(cloud, tx, subnet.network_id)
    if (gateway_ip !== subnet.gateway_ip) for (const id of await routersOfSubnet(tx.db, subnet.id)) await syncRouter(cloud, tx, id, now)
    return { subnet: subnetView(row) }
  },
})
