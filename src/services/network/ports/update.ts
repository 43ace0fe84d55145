import type { Updateable } from 'kysely'
import { Type } from 'typebox'
import { conflict } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { syncNetwork } from '../documents/networks.ts'
import { syncRouter } from '../documents/routers.ts'
import { checkNewAddresses } from '../router-ports/interface-addresses.ts'
import { member } from '../rules.ts'
import { lockPort } from '../store/ports.ts'
import { interfaceOwner } from '../store/routers.ts'
import type { PortRow } from '../tables.ts'
import { actorOf } from '../wire/actor.ts'
import { mergeDhcpOptions } from '../wire/dhcp-options.ts'
import { portNotFound } from '../wire/faults.ts'
import { checkRevision } from '../wire/revision.ts'
import { canonicalMac, checkGroups, checkPairs, checkPortAttributes, checkSecurity } from './attributes.ts'
import { changeAddresses, changePort } from './make.ts'
import { portResource, portTarget } from './resource.ts'
import { Port, PortChanges } from './schema.ts'
import { portView, seenOfPort } from './view.ts'

/** Reference 13.4.5, 14.6.4. Addresses and groups are replaced as a whole. */
export const changePortOperation = operation({
  id: 'ports.update',
  method: 'PUT',
  path: '/ports/{port_id}',
  summary: 'Change a port',
  catalog: ['network-v2.0.ports.update-port', 'network-v2.0-ext.ports-binding-extended-attributes.update-port'],
  body: PortChanges,
  answer: Type.Object({ port: Port }),
  policy: rule('update_port', `${member} or rule:context_is_advsvc`, 'Change a port.'),
  on: portResource,
  async handle(context) {
    const { tx, cloud, now } = context
    const locked = await lockPort(tx.db, context.port.id)
    if (!locked) throw portNotFound(context.port.id)
    const port = { ...context.port, ...locked }
    const given = context.body.port
    checkRevision(context, port.revision)
    const target = portTarget(port.project_id, port.network, port.device_owner)
    checkPortAttributes(context, 'update_port', given, target)
    const service = port.device_owner.startsWith('network:')
    if (service && (given.device_owner !== undefined || given.device_id !== undefined || given.mac_address !== undefined)) {
      throw conflict(`Port ${port.id} belongs to ${port.device_owner}: its device and MAC address cannot be changed.`, 'PortInUse')
    }
    const mac = given.mac_address === undefined ? port.mac_address : canonicalMac(given.mac_address)
    if (mac !== port.mac_address && port.bound_host !== null) {
      throw conflict(`Unable to complete operation on port ${port.id}, port is already bound, port type: bridge.`, 'PortBound')
    }
    const portSecurity = given.port_security_enabled === undefined ? port.port_security_enabled : isTrue(given.port_security_enabled)
    const groups =
      given.security_groups === undefined
        ? port.security_groups
        : await checkGroups(tx.db, given.security_groups ?? [], port.project_id, actorOf(context).isAdmin)
    const pairs =
      given.allowed_address_pairs === undefined ? port.allowed_address_pairs : checkPairs(given.allowed_address_pairs ?? [], mac)
    checkSecurity(portSecurity, groups, pairs, given.security_groups === undefined)
    const changes: Updateable<PortRow> = {}
    if (given.name !== undefined) changes.name = given.name ?? ''
    if (given.description !== undefined) changes.description = given.description ?? ''
    if (given.admin_state_up !== undefined) changes.admin_state_up = isTrue(given.admin_state_up)
    if (given.device_id !== undefined) changes.device_id = given.device_id ?? ''
    if (given.device_owner !== undefined) changes.device_owner = given.device_owner ?? ''
    if (given.mac_address !== undefined) changes.mac_address = mac
    if (given.security_groups !== undefined) changes.security_groups = groups
    if (given.allowed_address_pairs !== undefined) changes.allowed_address_pairs = pairs
    if (given.port_security_enabled !== undefined) changes.port_security_enabled = portSecurity
    if (given.extra_dhcp_opts !== undefined) changes.extra_dhcp_opts = mergeDhcpOptions(port.extra_dhcp_opts, given.extra_dhcp_opts ?? [])
    if (given.dns_name !== undefined) changes.dns_name = given.dns_name ?? ''
    if (given['binding:host_id'] !== undefined) changes.binding_host = given['binding:host_id'] ?? ''
    if (given['binding:profile'] !== undefined) changes.binding_profile = given['binding:profile'] ?? {}
    if (given['binding:vnic_type'] !== undefined) changes.binding_vnic_type = given['binding:vnic_type']
    if (given.fixed_ips !== undefined || mac !== port.mac_address) {
      const wishes = given.fixed_ips === undefined ? null : (given.fixed_ips ?? [])
      const addresses = await changeAddresses(cloud, tx, { ...port, mac_address: mac }, wishes)
      if (port.device_owner === interfaceOwner) await checkNewAddresses(tx.db, port, addresses)
      changes.fixed_ips = addresses
    }
    const changed = await changePort(cloud, tx, port, changes, now)
    if (port.device_owner.startsWith('network:router')) await syncRouter(cloud, tx, port.device_id, now)
    else if (service) await syncNetwork(cloud, tx, port.network_id)
    return { port: portView(changed, seenOfPort(context)) }
  },
})
