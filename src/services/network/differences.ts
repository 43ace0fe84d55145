// Where our networking differs from the official description in `official.json`, and why.
import type { Difference } from '../../testing/official.ts'

const notBuilt = (
  part: Difference['part'],
  what: string,
  missing: readonly string[],
  operations: Difference['operations'] = '*',
): Difference => ({
  operations,
  part,
  missing,
  reason: `${what}: not built, and no extension says it is there`,
})

/** Query parameters of all lists. */
const paging = ['limit', 'marker', 'page_reverse', 'sort_dir', 'sort_key']

export const differences: readonly Difference[] = [
  // What is not built yet.
  notBuilt('answer', 'tags', ['*.tags', 'tags']),
  notBuilt('body', 'tags', ['*.tags']),
  notBuilt('query', 'tags', ['tags', 'tags-any', 'not-tags', 'not-tags-any']),
  notBuilt('answer', 'quality of service', ['*qos_policy_id', '*.qos_network_policy_id', '*.resource_request']),
  notBuilt('body', 'quality of service', ['*qos_policy_id']),
  notBuilt('answer', 'DNS of ports and floating IPs', ['*.dns_domain', '*.dns_name', '*.dns_assignment[].*', '*.dns_publish_fixed_ip']),
  notBuilt('body', 'DNS of ports and floating IPs', ['*.dns_domain', '*.dns_name', '*.dns_publish_fixed_ip']),
  notBuilt('answer', 'segments, VLAN and QinQ', ['*.segments[].*', '*.segment_id', '*.l2_adjacency', '*.vlan_transparent', '*.qinq']),
  notBuilt('body', 'segments, VLAN and QinQ', ['*.segments[].*', '*.segment_id', '*.vlan_transparent', '*.qinq']),
  notBuilt('query', 'segments, VLAN and QinQ', [
    'segment_id',
    'vlan_transparent',
    'qinq',
    'provider:physical_network',
    'provider:segmentation_id',
  ]),
  notBuilt('answer', 'distributed and highly available routers, flavors, NDP proxies and conntrack helpers', [
    ...['*.distributed', '*.ha', '*.flavor_id', '*.service_type_id', '*.enable_ndp_proxy', '*.conntrack_helpers'],
  ]),
  notBuilt('body', 'distributed and highly available routers, flavors and NDP proxies', [
    ...['*.distributed', '*.ha', '*.flavor_id', '*.enable_ndp_proxy'],
  ]),
  notBuilt('query', 'NDP proxies', ['enable_ndp_proxy']),
  notBuilt('answer', 'port forwarding', ['*.port_forwardings[].*']),
  notBuilt('answer', 'what hosts with special hardware are told of ports', [
    ...['*.data_plane_status', '*.device_profile', '*.hints.*', '*.numa_affinity_policy', '*.propagate_uplink_status', '*.ip_allocation'],
  ]),
  notBuilt('body', 'what hosts with special hardware are told of ports', [
    ...['*.data_plane_status', '*.device_profile', '*.hints.*', '*.numa_affinity_policy', '*.propagate_uplink_status'],
  ]),
  notBuilt('query', 'addresses that a port gets later', ['ip_allocation']),
  notBuilt('answer', 'groups of addresses, and rules that new default groups get', [
    '*.remote_address_group_id',
    '*.belongs_to_default_sg',
  ]),
  notBuilt('body', 'groups of addresses', ['*.remote_address_group_id']),
  notBuilt('query', 'groups of addresses, and rules that new default groups get', ['remote_address_group_id', 'belongs_to_default_sg']),
  notBuilt('query', 'sharing security groups, and groups without state', ['shared', 'stateful'], 'GET /v2.0/security-groups'),
  notBuilt('query', 'a filter by the range that a rule means', ['normalized_cidr']),
  notBuilt('answer', 'subnets say nothing of their network', ['*.router:external']),
  notBuilt('query', 'subnets say nothing of their network', ['router:external', 'shared'], 'GET /v2.0/subnets'),
  notBuilt('query', 'subnet pools', ['subnetpool_id']),
  notBuilt('body', 'kinds of devices that a subnet is kept for', ['subnet.service_types'], 'PUT /v2.0/subnets/{subnet_id}'),
  notBuilt('answer', 'quotas of subnet pools and of sharing by rules', ['*.rbac_policy', '*.subnetpool']),
  notBuilt('body', 'quotas of subnet pools and of sharing by rules', ['*.rbac_policy', '*.subnetpool']),
  // What is so on purpose.
  {
    operations: [
      'GET *-agents',
      'GET */dhcp-networks',
      'GET */l3-routers',
      'GET */availability_zones',
      'GET */service-providers',
      'GET */quotas',
    ],
    part: 'query',
    missing: paging,
    reason: 'these lists hold a few entries and have one page',
  },
  {
    operations: 'GET *',
    part: 'answer',
    more: ['*_links[].*'],
    reason: 'links to the pages before and behind, which the description forgets',
  },
  {
    operations: 'GET *',
    part: 'query',
    more: ['fields', 'sort'],
    reason: 'parameters of all lists and reads, which the description has in its text alone',
  },
  {
    operations: 'GET *',
    part: 'query',
    more: [
      'created_at',
      'updated_at',
      'dns_domain',
      'dns_name',
      'port_security_enabled',
      'status',
      'subnets',
      'binding:vnic_type',
      'security_group_ids',
    ],
    reason: 'every attribute is a filter, as upstream has it in code; the description lists some',
  },
  {
    operations: '*',
    part: 'answer',
    more: ['*project_id'],
    reason: 'every resource says its project by both names; the description lists tenant_id alone',
  },
  {
    operations: '*',
    part: 'body',
    more: ['*project_id'],
    reason: 'a project may be said by both names; the description lists tenant_id alone',
  },
  {
    operations: 'GET *',
    part: 'query',
    more: ['project_id'],
    reason: 'a project may be said by both names; the description lists tenant_id alone',
  },
  { operations: 'GET /v2.0/quotas', part: 'answer', more: ['quotas[].tenant_id'], reason: 'older clients read it by this name' },
  {
    operations: '* /v2.0/quotas/{project_id}*',
    part: 'answer',
    missing: ['quota.project_id'],
    reason: 'upstream answers nothing but limits here, and the project is in the path',
  },
  { operations: 'PUT /v2.0/quotas/{project_id}', part: 'body', missing: ['quota.project_id'], reason: 'the project is in the path' },
  {
    operations: 'POST *',
    part: 'answer',
    more: ['*s[].*'],
    reason: 'several may be created at once, which the description has in its text alone',
  },
  {
    operations: 'POST *',
    part: 'body',
    more: ['*s[].*'],
    reason: 'several may be created at once, which the description has in its text alone',
  },
  {
    operations: '* /v2.0/ports*',
    part: 'answer',
    missing: ['*.allowed_address_pairs[].max_address', '*.extra_dhcp_opts[].*', '*.binding:vif_details.*'],
    more: ['*.allowed_address_pairs[].mac_address'],
    reason: 'the description misspells mac_address and leaves open what options and details hold, which we name',
  },
  {
    operations: '* /v2.0/ports*',
    part: 'body',
    missing: ['*.allowed_address_pairs[].max_address', '*.extra_dhcp_opts[].*'],
    more: ['*.allowed_address_pairs[].mac_address'],
    reason: 'the description misspells mac_address and leaves open what options hold, which we name',
  },
  {
    operations: 'GET /v2.0/agents/{agent_id}/l3-routers',
    part: 'answer',
    missing: ['routers[].routes[].next_hop'],
    more: ['routers[].routes[].nexthop', 'routers[].created_at', 'routers[].updated_at'],
    reason: 'these are routers as everywhere, where the description has nexthop too',
  },
  {
    operations: 'GET /v2.0/network-ip-availabilities*',
    part: 'answer',
    missing: ['*.ip_availability_details', '*.subnet_ip_availability'],
    more: ['*.subnet_ip_availability[].*'],
    reason: 'the description does not say what is known of subnets; how addresses are split by purpose is not built',
  },
  { operations: 'GET /v2.0/extensions*', part: 'answer', more: ['*.links[].*'], reason: 'an empty list that the reference shows' },
]
