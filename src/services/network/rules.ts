// Check strings that networking's operations share, as upstream has them.
import { type Rule, rule } from '../../auth/policy.ts'

export const baseRules: Record<string, string> = {
  context_is_admin: 'role:admin',
  owner: 'project_id:%(project_id)s',
  admin_or_owner: 'rule:context_is_admin or rule:owner',
  context_is_advsvc: 'role:advsvc',
  context_with_global_access: '!',
  network_owner: 'project_id:%(network:project_id)s',
  admin_or_network_owner: 'rule:context_is_admin or project_id:%(network:project_id)s',
  admin_owner_or_network_owner: 'rule:owner or rule:admin_or_network_owner',
  network_owner_or_advsvc: 'rule:network_owner or rule:context_is_advsvc',
  admin_only: 'rule:context_is_admin',
  regular_user: '',
  shared: 'field:networks:shared=True',
  external: 'field:networks:router:external=True',
  default: 'rule:admin_or_owner',
  admin_or_ext_parent_owner: 'rule:context_is_admin or project_id:%(ext_parent:project_id)s',
  sg_owner: 'project_id:%(security_group:project_id)s',
}

/** For lists that hold nothing, instead of being refused, where the rule of their things does not allow. */
export const anybody: Rule = rule('regular_user', '', 'Anybody with a token.')
export const adminOnly = 'rule:admin_only'
export const member = '(rule:admin_only) or (role:member and project_id:%(project_id)s)'
export const reader = '(rule:admin_only) or (role:reader and project_id:%(project_id)s)'
export const networkOwner = '(rule:admin_only) or (role:member and rule:network_owner)'

const many = (verb: string, check: string, names: readonly string[], what: string): Rule[] =>
  names.map((name) => rule(`${verb}:${name}`, check, `${what} \`${name}\`.`))

const provider = ['provider:network_type', 'provider:physical_network', 'provider:segmentation_id'] as const
export const guardedNetwork = ['shared', 'router:external', 'is_default', 'port_security_enabled', ...provider] as const
export const guardedNetworkUpdate = ['shared', 'router:external', 'is_default', 'port_security_enabled', ...provider] as const
export const guardedPort = [
  'device_owner',
  'mac_address',
  'fixed_ips',
  'port_security_enabled',
  'binding:host_id',
  'binding:profile',
  'binding:vnic_type',
  'allowed_address_pairs',
] as const
export const guardedRouter = ['external_gateway_info:enable_snat', 'external_gateway_info:external_fixed_ips'] as const

/** Attributes that only those see whom the rule of each lets. */
export const hiddenOfNetwork = provider
export const hiddenOfPort = ['binding:host_id', 'binding:profile', 'binding:vif_type', 'binding:vif_details'] as const

/** Rules for attributes: asked by handlers when a request sets them, or when an answer would show them. */
export const attributeRules: Rule[] = [
  ...many('create_network', adminOnly, ['shared', 'router:external', 'is_default', ...provider], 'Create a network with'),
  ...many('create_network', member, ['port_security_enabled'], 'Create a network with'),
  ...many('update_network', adminOnly, ['shared', 'router:external', 'is_default', ...provider], 'Update of a network'),
  ...many('update_network', member, ['port_security_enabled'], 'Update of a network'),
  ...many('get_network', adminOnly, hiddenOfNetwork, 'See of a network'),
  ...many('create_port', 'not rule:network_device or rule:admin_only or rule:context_is_advsvc', ['device_owner'], 'Create a port with'),
  ...many('create_port', `${networkOwner} or rule:context_is_advsvc`, ['mac_address', 'port_security_enabled'], 'Create a port with'),
  ...many(
    'create_port',
    `${networkOwner} or rule:context_is_advsvc or rule:shared`,
    ['fixed_ips', 'fixed_ips:subnet_id'],
    'Create a port with',
  ),
  ...many('create_port', `${networkOwner} or rule:context_is_advsvc`, ['fixed_ips:ip_address'], 'Create a port with'),
  ...many('update_port', `${networkOwner} or rule:context_is_advsvc`, ['fixed_ips:ip_address'], 'Update of a port'),
  ...many('update_port', `${networkOwner} or rule:context_is_advsvc or rule:shared`, ['fixed_ips:subnet_id'], 'Update of a port'),
  ...many('create_port', networkOwner, ['allowed_address_pairs'], 'Create a port with'),
  ...many('create_port', adminOnly, ['binding:host_id', 'binding:profile'], 'Create a port with'),
  ...many('create_port', member, ['binding:vnic_type'], 'Create a port with'),
  ...many('update_port', 'not rule:network_device or rule:admin_only or rule:context_is_advsvc', ['device_owner'], 'Update of a port'),
  ...many('update_port', 'rule:admin_only or rule:context_is_advsvc', ['mac_address'], 'Update of a port'),
  ...many('update_port', `${networkOwner} or rule:context_is_advsvc`, ['fixed_ips', 'port_security_enabled'], 'Update of a port'),
  ...many('update_port', networkOwner, ['allowed_address_pairs'], 'Update of a port'),
  ...many('update_port', adminOnly, ['binding:host_id', 'binding:profile'], 'Update of a port'),
  ...many('update_port', `${member} or rule:context_is_advsvc`, ['binding:vnic_type'], 'Update of a port'),
  ...many('get_port', adminOnly, hiddenOfPort, 'See of a port'),
  ...many('create_router', adminOnly, guardedRouter, 'Create a router with'),
  ...many('update_router', adminOnly, guardedRouter, 'Update of a router'),
  ...many('create_floatingip', adminOnly, ['floating_ip_address'], 'Create a floating IP with'),
  rule('network_device', 'field:port:device_owner=~^network:', 'True for device owners that only the network service may have.'),
]
