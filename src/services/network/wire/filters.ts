// Which filters a list knows. What it does not know must not be taken as no filter at all: that would answer with everything.
import { Type } from 'typebox'
import { badRequest, notBuilt } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'

const common = new Set(['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir', 'sort'])

/** Attributes that the API has and by which nothing is filtered yet. */
export const notYet: ReadonlySet<string> = new Set(
  `tags tags-any not-tags not-tags-any allocation_pools allowed_address_pairs availability_zone availability_zone_hints availability_zones
  binding:profile binding:vif_details binding:vif_type configurations distributed dns_domain dns_nameservers external_gateway_info
  extra_dhcp_opts fixed_ips flavor_id gateway_ip ha host_routes ip_allocation ipv4_address_scope ipv6_address_scope is_default l2_adjacency
  normalized_cidr port_details port_forwardings provider:network_type provider:physical_network provider:segmentation_id qinq
  qos_network_policy_id qos_policy_id remote_address_group_id routes router:external security_group_rules segment_id segments service_types
  shared stateful subnetpool_id subnets vlan_transparent`.split(/\s+/),
)

/** The query of a list that is made without a table: these filters, and what is common to all lists. */
export const attributesQuery = (filters: readonly string[]) =>
  Type.Object(Object.fromEntries([...common, ...filters].map((name) => [name, Type.Optional(Type.String())])), { 'x-unknown': 'refused' })

/** Throws 400 for a filter of the request that is no attribute, 501 for one by which nothing is filtered yet. */
export function checkFilters({ rawQuery }: Pick<BaseContext, 'rawQuery'>, known: Iterable<string>): void {
  const names = new Set(known)
  for (const name of rawQuery.keys()) {
    if (common.has(name) || names.has(name)) continue
    if (notYet.has(name)) throw notBuilt(`Filtering by ${name}`)
    throw badRequest(`['${name.slice(0, 60)}'] is invalid attribute for filtering`, 'HTTPBadRequest')
  }
}

/** Throws 400 for what is neither true nor false. */
export function booleanFilter(text: string): boolean {
  if (!/^(true|false|t|f|yes|no|y|n|on|off|0|1)$/i.test(text)) throw badRequest(`'${text.slice(0, 60)}' cannot be converted to boolean`)
  return isTrue(text)
}
