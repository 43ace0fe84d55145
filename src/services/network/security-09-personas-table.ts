// Who may do what of networking, told apart from the rules themselves, so that a rule that says something else is noticed.
import { whoMay } from '../../testing/persona-matrix.ts'
import { admins, everybody, members, type PersonaName, readers, strangers } from '../../testing/personas.ts'

/** Names of rules, and those who may. */
const byRule: [who: readonly PersonaName[], rules: string][] = [
  [
    admins,
    `get_agent get_dhcp-agents get_dhcp-networks get_l3-agents get_l3-routers get_network_ip_availability list_quotas update_quota
    delete_quota`,
  ],
  // All that is made is asked for in the project's name.
  [
    members,
    `create_network update_network delete_network create_subnet update_subnet delete_subnet create_port update_port delete_port create_router
    update_router delete_router add_router_interface remove_router_interface create_floatingip update_floatingip delete_floatingip
    create_security_group update_security_group delete_security_group create_security_group_rule delete_security_group_rule`,
  ],
  [
    readers,
    'get_network get_subnet get_port get_router get_floatingip get_security_group get_security_group_rule get_quota get_quota_default',
  ],
  // Lists that hold nothing for those who may not see their things.
  [everybody, 'regular_user get_availability_zone get_extension get_service_provider'],
]

const list: readonly PersonaName[] = [...readers, ...strangers]

/** Operations that act on something else than the project's rows: lists are of the asker's own. */
const byOperation: Record<string, readonly PersonaName[]> = {
  'networks.list': list,
  'subnets.list': list,
  'ports.list': list,
  'routers.list': list,
  'floating-ips.list': list,
  'security-groups.list': list,
  'security-group-rules.list': list,
  'quotas.tenant': [...list, 'service'],
}

/** Who may ask for that operation, or undefined when the table says nothing of it. */
export const mayDo = whoMay('', byRule, byOperation)
