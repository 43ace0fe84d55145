// Extensions (reference 3.18): clients ask what there is.
import { extensionOperations as operationsOf } from '../../api/extensions.ts'
import { notFound } from '../../api/faults.ts'
import type { Operation } from '../../api/operation.ts'
import { rule } from '../../auth/policy.ts'
import { anyone } from './rules.ts'

/** What is needed: sections and operations of the reference, or operations of ours that it does not have. */
const known: [alias: string, name: string, description: string, ...needs: string[]][] = [
  ['OS-DCF', 'DiskConfig', 'How the root disk is partitioned.', 'servers'],
  ['OS-EXT-AZ', 'ExtendedAvailabilityZone', 'Shows the availability zone of servers.', 'servers'],
  ['OS-EXT-IPS', 'ExtendedIps', 'Shows the type of addresses.', 'servers'],
  ['OS-EXT-IPS-MAC', 'ExtendedIpsMac', 'Shows the MAC of addresses.', 'servers'],
  ['OS-EXT-SRV-ATTR', 'ExtendedServerAttributes', 'Shows administrators on which host servers are.', 'servers'],
  ['OS-EXT-STS', 'ExtendedStatus', 'Shows the states of servers.', 'servers'],
  ['OS-FLV-DISABLED', 'FlavorDisabled', 'Shows whether flavors are disabled.', 'flavors-with-extended-attributes'],
  ['OS-FLV-EXT-DATA', 'FlavorExtraData', 'Shows more data of flavors.', 'flavors-with-extended-attributes'],
  ['OS-SCH-HNT', 'SchedulerHints', 'Takes hints for the scheduler.', 'servers'],
  ['OS-SRV-USG', 'ServerUsage', 'Shows when servers were launched and terminated.', 'servers'],
  ['os-admin-actions', 'AdminActions', 'What administrators may do with servers.', 'servers-admin-actions.reset-server-state'],
  ['os-agents', 'Agents', 'Builds of guest agents.', 'guest-agents'],
  ['os-aggregates', 'Aggregates', 'Groups of hosts.', 'host-aggregates'],
  ['os-attach-interfaces', 'AttachInterfaces', 'Adds and removes network interfaces of servers.', 'attach-interfaces'],
  ['os-availability-zone', 'AvailabilityZone', 'Availability zones.', 'availability-zones'],
  ['os-config-drive', 'ConfigDrive', 'Gives guests their metadata on a disk.', 'servers'],
  ['os-console-output', 'ConsoleOutput', 'Shows the console of servers.', 'servers-actions.get-console-output-for-a-server'],
  ['os-consoles', 'Consoles', 'The older kind of consoles.', 'server-consoles'],
  [
    'os-extended-services',
    'ExtendedServices',
    'Lists services that are disabled, and why.',
    'manage-services.list-disabled-services',
    'manage-services.log-disabled-service-information',
  ],
  ['os-extended-services-delete', 'ExtendedServicesDelete', 'Deletes services.', 'manage-services.delete-service'],
  ['os-flavor-access', 'FlavorAccess', 'Which projects may use private flavors.', 'flavors-access'],
  ['os-flavor-extra-specs', 'FlavorExtraSpecs', 'More properties of flavors.', 'flavors-extra-specs'],
  ['os-flavor-manage', 'FlavorManage', 'Makes and deletes flavors.', 'flavors-manage'],
  ['os-floating-ip-pools', 'FloatingIpPools', 'Networks that floating IPs come from.', 'floating-ip-pools'],
  ['os-floating-ips', 'FloatingIps', 'Floating IPs of the network service.', 'floating-ips', 'servers.add-floating-ip'],
  ['os-hosts', 'Hosts', 'Hosts and what is done with them.', 'hosts'],
  ['os-hypervisors', 'Hypervisors', 'The machines that servers run on.', 'hypervisors'],
  ['os-instance-actions', 'InstanceActions', 'What was done with servers.', 'servers-action'],
  ['os-keypairs', 'Keypairs', 'SSH keys of users.', 'keypairs'],
  ['os-migrations', 'Migrations', 'Servers on their way to another host.', 'migrations'],
  ['os-multiple-create', 'MultipleCreate', 'Makes several servers at once.', 'servers-multiple-create'],
  ['os-networks', 'Networks', 'Networks of the network service.', 'networks'],
  ['os-personality', 'Personality', 'Puts files into servers.', 'servers'],
  [
    'os-quota-sets',
    'Quotas',
    'Quotas of projects.',
    'quota-sets.show-quotas-detailed',
    'quota-sets.show-default-quotas',
    'quota-sets.update-quota',
    'quota-sets.delete-quota-for-tenant',
  ],
  [
    'os-remote-consoles',
    'Consoles',
    'Graphical consoles.',
    'servers-actions.get-rdp-console-for-a-server',
    'servers-actions.get-serial-console-for-a-server',
    'servers-actions.get-spice-console-for-a-server',
    'servers-actions.get-vnc-console-for-a-server',
  ],
  ['os-security-groups', 'SecurityGroups', 'Security groups of the network service.', 'security-groups', 'rules-for-security-group'],
  ['os-server-groups', 'ServerGroups', 'Servers that shall be together or apart.', 'server-groups'],
  ['os-server-password', 'ServerPassword', 'The password that a guest has left.', 'servers-password', 'server-password.clear'],
  ['os-server-start-stop', 'ServerStartStop', 'Starts and stops servers.', 'servers-actions.start-server', 'servers-actions.stop-server'],
  [
    'os-services',
    'Services',
    'The services behind the API.',
    'manage-services.list-services',
    'manage-services.enable-scheduling-for-a-service',
    'manage-services.disable-scheduling-for-a-service',
  ],
  ['os-tenant-networks', 'TenantNetworks', 'Networks of the network service, for projects.', 'project-networks'],
  ['os-user-data', 'UserData', 'Data for the first boot of servers.', 'servers'],
  ['os-user-quotas', 'UserQuotas', 'Quotas of single users.', 'quota-sets.update-quota-for-user', 'quota-sets.delete-quota-for-user'],
  ['os-volumes', 'Volumes', 'Volumes of the block storage service.', 'volume-extension'],
]

const see = rule('os_compute_api:extensions', anyone, 'See which extensions there are.')
/** Operations of ours that the reference does not have. */
const own = new Set(['servers.add-floating-ip', 'server-password.clear'])

/** The operations that tell of extensions, for a service that has these others. */
export const extensionOperations = (operations: Operation[]): Operation[] =>
  operationsOf({
    extensions: known.map(([alias, name, description, ...needs]) => ({
      alias,
      name,
      description,
      updated: '2014-12-03T00:00:00Z',
      needs: needs.map((need) => (own.has(need) ? need : `compute-v2.1.${need}`)),
    })),
    operations,
    common: { policy: see },
    catalog: { list: ['compute-v2.1.extensions.list-extensions'], show: ['compute-v2.1.extensions.get-extension'] },
    view: ({ needs: _, ...extension }) => ({ ...extension, links: [], namespace: 'http://docs.openstack.org/compute/ext/fake_xml' }),
    missing: () => notFound('The resource could not be found.'),
  })
