// Extensions (reference 3.18): clients ask what there is. One is listed when the operations that it is made of are declared.
import { notFound } from '../../api/faults.ts'
import { type Operation, operation } from '../../api/operation.ts'
import { rule } from '../../auth/policy.ts'
import { anyone } from './rules.ts'

const known: [alias: string, name: string, description: string, ...needs: string[]][] = [
  ['OS-DCF', 'DiskConfig', 'How the root disk is partitioned.', 'servers.create'],
  ['OS-EXT-AZ', 'ExtendedAvailabilityZone', 'Shows the availability zone of servers.', 'servers.show'],
  ['OS-EXT-IPS', 'ExtendedIps', 'Shows the type of addresses.', 'servers.show'],
  ['OS-EXT-IPS-MAC', 'ExtendedIpsMac', 'Shows the MAC of addresses.', 'servers.show'],
  ['OS-EXT-SRV-ATTR', 'ExtendedServerAttributes', 'Shows administrators on which host servers are.', 'servers.show'],
  ['OS-EXT-STS', 'ExtendedStatus', 'Shows the states of servers.', 'servers.show'],
  ['OS-FLV-DISABLED', 'FlavorDisabled', 'Shows whether flavors are disabled.', 'flavors.show'],
  ['OS-FLV-EXT-DATA', 'FlavorExtraData', 'Shows more data of flavors.', 'flavors.show'],
  ['OS-SCH-HNT', 'SchedulerHints', 'Takes hints for the scheduler.', 'servers.create'],
  ['OS-SRV-USG', 'ServerUsage', 'Shows when servers were launched and terminated.', 'servers.show'],
  ['os-admin-actions', 'AdminActions', 'What administrators may do with servers.', 'servers.reset-state'],
  ['os-agents', 'Agents', 'Builds of guest agents.', 'agents.list', 'agents.create'],
  ['os-aggregates', 'Aggregates', 'Groups of hosts.', 'aggregates.list', 'aggregates.create'],
  [
    'os-attach-interfaces',
    'AttachInterfaces',
    'Adds and removes network interfaces of servers.',
    'server-interfaces.list',
    'server-interfaces.create',
  ],
  ['os-availability-zone', 'AvailabilityZone', 'Availability zones.', 'availability-zones.list'],
  ['os-config-drive', 'ConfigDrive', 'Gives guests their metadata on a disk.', 'servers.create'],
  ['os-console-output', 'ConsoleOutput', 'Shows the console of servers.', 'servers.console-output'],
  ['os-consoles', 'Consoles', 'The older kind of consoles.', 'consoles.list', 'consoles.create'],
  [
    'os-flavor-access',
    'FlavorAccess',
    'Which projects may use private flavors.',
    'flavor-access.list',
    'flavor-access.add',
    'flavor-access.remove',
  ],
  [
    'os-flavor-extra-specs',
    'FlavorExtraSpecs',
    'More properties of flavors.',
    'extra-specs.list',
    'extra-specs.create',
    'extra-specs.delete',
  ],
  ['os-flavor-manage', 'FlavorManage', 'Makes and deletes flavors.', 'flavors.create', 'flavors.delete'],
  ['os-floating-ip-pools', 'FloatingIpPools', 'Networks that floating IPs come from.', 'floating-ip-pools.list'],
  ['os-floating-ips', 'FloatingIps', 'Floating IPs of the network service.', 'floating-ips.create', 'servers.add-floating-ip'],
  ['os-hosts', 'Hosts', 'Hosts and what is done with them.', 'hosts.list', 'hosts.show', 'hosts.update'],
  ['os-hypervisors', 'Hypervisors', 'The machines that servers run on.', 'hypervisors.list', 'hypervisors.show'],
  ['os-instance-actions', 'InstanceActions', 'What was done with servers.', 'server-actions.list', 'server-actions.show'],
  ['os-keypairs', 'Keypairs', 'SSH keys of users.', 'keypairs.create', 'keypairs.delete'],
  ['os-migrations', 'Migrations', 'Servers on their way to another host.', 'migrations.list'],
  ['os-multiple-create', 'MultipleCreate', 'Makes several servers at once.', 'servers.create'],
  ['os-networks', 'Networks', 'Networks of the network service.', 'networks.list', 'networks.show'],
  ['os-personality', 'Personality', 'Puts files into servers.', 'servers.create'],
  ['os-quota-sets', 'Quotas', 'Quotas of projects.', 'quota-sets.show', 'quota-sets.update'],
  ['os-remote-consoles', 'Consoles', 'Graphical consoles.', 'servers.vnc-console'],
  [
    'os-security-groups',
    'SecurityGroups',
    'Security groups of the network service.',
    'security-groups.create',
    'security-group-rules.create',
  ],
  ['os-server-groups', 'ServerGroups', 'Servers that shall be together or apart.', 'server-groups.create', 'server-groups.delete'],
  ['os-server-password', 'ServerPassword', 'The password that a guest has left.', 'server-password.show', 'server-password.clear'],
  ['os-server-start-stop', 'ServerStartStop', 'Starts and stops servers.', 'servers.start', 'servers.stop'],
  ['os-services', 'Services', 'The services behind the API.', 'services.list', 'services.enable', 'services.disable'],
  [
    'os-tenant-networks',
    'TenantNetworks',
    'Networks of the network service, for projects.',
    'tenant-networks.list',
    'tenant-networks.show',
  ],
  ['os-user-data', 'UserData', 'Data for the first boot of servers.', 'servers.create'],
  ['os-volumes', 'Volumes', 'Volumes of the block storage service.', 'volumes.list', 'server-volumes.create'],
]

const view = ([alias, name, description]: (typeof known)[number]) => ({
  alias,
  name,
  description,
  links: [],
  namespace: 'http://docs.openstack.org/compute/ext/fake_xml',
  updated: '2014-12-03T00:00:00Z',
})

const use = rule('os_compute_api:extensions', anyone, 'See which extensions there are.')

/** The operations that tell of extensions, for a service that has these `others`. */
export function extensionOperations(others: Operation[]): Operation[] {
  const ids = new Set(others.map(({ id }) => id))
  const built = known.filter(([, , , ...needs]) => needs.every((id) => ids.has(id)))
  return [
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
}
