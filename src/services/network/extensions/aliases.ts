// The extensions that are built, by the aliases under which clients look for them.

export interface Extension {
  alias: string
  name: string
  description: string
  updated: string
  links: never[]
}

const table: [alias: string, name: string, description: string, updated: string][] = [
  ['agent', 'agent', 'The agents that make networks, DHCP servers and routers on hosts.', '2013-02-03T10:00:00-00:00'],
  ['allowed-address-pairs', 'Allowed Address Pairs', 'Addresses that a port may use besides its own.', '2013-07-23T10:00:00-00:00'],
  ['availability_zone', 'Availability Zone', 'Availability zones of networks and routers.', '2015-01-01T10:00:00-00:00'],
  ['binding', 'Port Binding', 'On which host a port is.', '2014-02-03T10:00:00-00:00'],
  ['dhcp_agent_scheduler', 'DHCP Agent Scheduler', 'Which agent serves which network.', '2013-02-07T10:00:00-00:00'],
  ['empty-string-filtering', 'Empty String Filtering Extension', 'Lists can be filtered by empty values.', '2018-05-01T10:00:00-00:00'],
  [
    'ext-gw-mode',
    'Neutron L3 Configurable external gateway mode',
    'Source NAT of a router can be switched off.',
    '2013-03-28T10:00:00-00:00',
  ],
  ['external-net', 'Neutron external network', 'Networks that lead out of the cloud.', '2013-01-14T10:00:00-00:00'],
  ['extra_dhcp_opt', 'Neutron Extra DHCP options', 'More DHCP options for a port.', '2013-03-17T12:00:00-00:00'],
  ['extraroute', 'Neutron Extra Route', 'Static routes of routers.', '2013-02-01T10:00:00-00:00'],
  ['fip-port-details', 'Floating IP Port Details Extension', 'Floating IPs show the port that they are on.', '2018-04-09T10:00:00-00:00'],
  ['ip-substring-filtering', 'IP address substring filtering', 'Ports can be found by a part of an address.', '2017-11-28T09:00:00-00:00'],
  ['l3_agent_scheduler', 'L3 Agent Scheduler', 'Which agent has which router.', '2013-02-07T10:00:00-00:00'],
  ['net-mtu', 'Network MTU', 'The largest packet of a network.', '2015-03-25T10:00:00-00:00'],
  ['net-mtu-writable', 'Network MTU (writable)', 'The largest packet of a network can be set.', '2017-07-12T00:00:00-00:00'],
  ['network-ip-availability', 'Network IP Availability', 'How many addresses of a network are taken.', '2015-09-24T00:00:00-00:00'],
  ['network_availability_zone', 'Network Availability Zone', 'Availability zones of networks.', '2015-01-01T10:00:00-00:00'],
  ['pagination', 'Pagination support', 'Lists in pages.', '2016-06-12T00:00:00-00:00'],
  ['port-security', 'Port Security', 'Filter and anti-spoofing of a port can be switched off.', '2012-07-23T10:00:00-00:00'],
  ['project-id', 'project_id field enabled', 'Projects are called project_id as well as tenant_id.', '2016-09-09T09:09:09-09:09'],
  ['provider', 'Provider Network', 'How a network is made.', '2012-09-07T10:00:00-00:00'],
  ['quota_details', 'Quota details management support', 'Quotas with their usage.', '2017-02-10T10:00:00-00:00'],
  ['quotas', 'Quota management support', 'Limits of projects.', '2012-07-29T10:00:00-00:00'],
  [
    'revision-if-match',
    'If-Match constraints based on revision_number',
    'Changes only of what has not changed since.',
    '2016-12-11T00:00:00-00:00',
  ],
  ['router', 'Neutron L3 Router', 'Routers between networks, with NAT to external ones.', '2012-07-20T10:00:00-00:00'],
  ['router_availability_zone', 'Router Availability Zone', 'Availability zones of routers.', '2015-01-01T10:00:00-00:00'],
  ['security-group', 'security-group', 'What may reach a port.', '2012-10-05T10:00:00-00:00'],
  [
    'security-groups-normalized-cidr',
    'Normalized CIDR field for security group rules',
    'Rules show the range that they mean.',
    '2020-01-01T00:00:00-00:00',
  ],
  ['service-type', 'Neutron Service Type Management', 'Who provides which service.', '2013-01-20T00:00:00-00:00'],
  ['sorting', 'Sorting support', 'Lists in order.', '2016-06-12T00:00:00-00:00'],
  ['standard-attr-description', 'standard-attr-description', 'Everything has a description.', '2016-02-10T10:00:00-00:00'],
  ['standard-attr-revisions', 'Resource revision numbers', 'A number that grows with each change.', '2016-04-11T10:00:00-00:00'],
  ['standard-attr-timestamp', 'Resource timestamps', 'When things were made and changed.', '2016-09-12T10:00:00-00:00'],
]

export const extensions: Extension[] = table.map(([alias, name, description, updated]) => ({
  alias,
  name,
  description,
  updated,
  links: [],
}))
