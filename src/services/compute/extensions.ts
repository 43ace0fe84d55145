// Extensions (reference 3.18): clients ask what there is; only what is built is listed.
import { notFound } from '../../api/faults.ts'
import { operation } from '../../api/operation.ts'
import { rule } from '../../auth/policy.ts'
import { anyone } from './rules.ts'

const built: [alias: string, name: string, description: string][] = [
  ['OS-DCF', 'DiskConfig', 'How the root disk is partitioned.'],
  ['OS-EXT-AZ', 'ExtendedAvailabilityZone', 'Shows the availability zone of servers.'],
  ['OS-EXT-IPS', 'ExtendedIps', 'Shows the type of addresses.'],
  ['OS-EXT-IPS-MAC', 'ExtendedIpsMac', 'Shows the MAC of addresses.'],
  ['OS-EXT-SRV-ATTR', 'ExtendedServerAttributes', 'Shows administrators on which host servers are.'],
  ['OS-EXT-STS', 'ExtendedStatus', 'Shows the states of servers.'],
  ['OS-FLV-DISABLED', 'FlavorDisabled', 'Shows whether flavors are disabled.'],
  ['OS-FLV-EXT-DATA', 'FlavorExtraData', 'Shows more data of flavors.'],
  ['OS-SCH-HNT', 'SchedulerHints', 'Takes hints for the scheduler.'],
  ['OS-SRV-USG', 'ServerUsage', 'Shows when servers were launched and terminated.'],
  ['os-attach-interfaces', 'AttachInterfaces', 'Shows network interfaces of servers.'],
  ['os-availability-zone', 'AvailabilityZone', 'Availability zones.'],
  ['os-config-drive', 'ConfigDrive', 'Gives guests their metadata on a disk.'],
  ['os-console-output', 'ConsoleOutput', 'Shows the console of servers.'],
  ['os-consoles', 'Consoles', 'Graphical consoles.'],
  ['os-flavor-access', 'FlavorAccess', 'Which projects may use private flavors.'],
  ['os-flavor-extra-specs', 'FlavorExtraSpecs', 'More properties of flavors.'],
  ['os-flavor-manage', 'FlavorManage', 'Makes and deletes flavors.'],
  ['os-floating-ip-pools', 'FloatingIpPools', 'Networks that floating IPs come from.'],
  ['os-floating-ips', 'FloatingIps', 'Floating IPs of the network service.'],
  ['os-hypervisors', 'Hypervisors', 'The machines that servers run on.'],
  ['os-instance-actions', 'InstanceActions', 'What was done with servers.'],
  ['os-keypairs', 'Keypairs', 'SSH keys of users.'],
  ['os-multiple-create', 'MultipleCreate', 'Makes several servers at once.'],
  ['os-networks', 'Networks', 'Networks of the network service.'],
  ['os-personality', 'Personality', 'Puts files into servers.'],
  ['os-quota-sets', 'Quotas', 'Quotas of projects.'],
  ['os-security-groups', 'SecurityGroups', 'Security groups of the network service.'],
  ['os-server-groups', 'ServerGroups', 'Servers that shall be together or apart.'],
  ['os-services', 'Services', 'The services behind the API.'],
  ['os-tenant-networks', 'TenantNetworks', 'Networks of the network service, for projects.'],
  ['os-user-data', 'UserData', 'Data for the first boot of servers.'],
]

const view = ([alias, name, description]: (typeof built)[number]) => ({
  alias,
  name,
  description,
  links: [],
  namespace: 'http://docs.openstack.org/compute/ext/fake_xml',
  updated: '2014-12-03T00:00:00Z',
})

const use = rule('os_compute_api:extensions', anyone, 'See which extensions there are.')

export const extensionOperations = [
  operation({
    id: 'extensions.list',
    method: 'GET',
    path: '/extensions',
    summary: 'List extensions',
    catalog: ['compute-v2.1.extensions.list-extensions'],
    policy: use,
    handle: async () => ({ extensions: built.map(view) }),
  }),
  operation({
    id: 'extensions.show',
    method: 'GET',
    path: '/extensions/{alias}',
    summary: 'Show an extension',
    catalog: ['compute-v2.1.extensions.get-extension'],
    policy: use,
    async handle({ params }) {
      const found = built.find(([alias]) => alias === params.alias)
      if (!found) throw notFound('The resource could not be found.')
      return { extension: view(found) }
    },
  }),
]
