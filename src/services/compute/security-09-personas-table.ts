// Who may do what of compute, told apart from the rules themselves, so that a rule that says something else is noticed.
import { whoMay } from '../../testing/persona-matrix.ts'
import { admins, everybody, members, type PersonaName, readers, strangers } from '../../testing/personas.ts'

/** A server, group or floating IP that is made belongs to the project of the token. */
const withProject = (name: PersonaName) => !/of the system$|^nobody/.test(name)

/** Names of rules (without `os_compute_api:`), and those who may. */
const byRule: [who: readonly PersonaName[], rules: string][] = [
  [
    admins,
    `os-admin-actions:reset_state os-flavor-manage:create os-flavor-manage:delete os-flavor-access os-flavor-access:add_tenant_access
    os-flavor-access:remove_tenant_access os-flavor-extra-specs:create os-flavor-extra-specs:update os-flavor-extra-specs:delete
    os-quota-sets:update os-quota-sets:delete os-availability-zone:detail os-hypervisors:list os-hypervisors:list-detail
    os-hypervisors:statistics os-hypervisors:show os-hypervisors:search os-hypervisors:servers os-services:list os-services:update
    os-hosts:list os-aggregates:index os-agents:list os-cloudpipe os-migrations:index`,
  ],
  [
    members,
    `servers:update servers:delete servers:start servers:stop servers:reboot os-lock-server:lock
    os-lock-server:unlock os-console-output os-remote-consoles server-metadata:create
    server-metadata:update_all server-metadata:update server-metadata:delete os-server-password:clear os-security-groups:update
    os-security-groups:delete os-security-groups:rule:create os-security-groups:rule:delete os-security-groups:add os-security-groups:remove
    os-server-groups:delete os-floating-ips:delete os-floating-ips:add os-floating-ips:remove os-volumes-attachments:create
    os-volumes-attachments:swap os-volumes-attachments:delete os-attach-interfaces:create os-attach-interfaces:delete`,
  ],
  [
    readers,
    `servers:show server-metadata:index server-metadata:show os-server-password:show ips:index ips:show os-attach-interfaces:list
    os-attach-interfaces:show os-instance-actions:list os-instance-actions:show os-security-groups:show os-security-groups:list
    os-server-groups:show os-floating-ips:show os-consoles:index os-volumes-attachments:index os-volumes-attachments:show
    os-quota-sets:show os-quota-sets:detail`,
  ],
  // What has no row yet, and lists, are of the asker's own project.
  [
    [...members.filter(withProject), ...strangers],
    'servers:create os-security-groups:create os-server-groups:create os-floating-ips:create',
  ],
  [
    [...readers, ...strangers],
    `servers:index servers:detail os-security-groups:get os-server-groups:index os-floating-ips:list os-networks:list
    os-tenant-networks:list`,
  ],
  [
    everybody,
    `flavors os-flavor-extra-specs:index os-flavor-extra-specs:show limits os-quota-sets:defaults os-availability-zone:list
    os-floating-ip-pools extensions`,
  ],
  [[...admins, 'user'], 'os-keypairs:index os-keypairs:show os-keypairs:create os-keypairs:delete'],
]

/** The private flavor that these are about is open to the project. */
const ofPrivateFlavor = Object.fromEntries(
  [
    'flavors.show',
    'flavors.show@/flavors/os-flavor-access/{flavor_id}',
    'extra-specs.list',
    'extra-specs.show',
    'extra-specs.list@/flavors/os-flavor-extra-specs/{flavor_id}',
    'extra-specs.show@/flavors/os-flavor-extra-specs/{flavor_id}/{key}',
  ].map((id) => [id, readers]),
)

/** Operations that say more than their rule, or act on something else than the project's rows. */
const byOperation: Record<string, readonly PersonaName[]> = {
  ...ofPrivateFlavor,
  // Networks are networking's, which has the project's for its own only.
  'networks.show': readers,
  'tenant-networks.show': readers,
  // Without a project in the path it is the asker's own.
  'quota-sets.detail@/os-quota-sets/detail': [...readers.filter(withProject), ...strangers],
  'quota-sets.defaults@/os-quota-sets/defaults': everybody.filter(withProject),
  'quota-sets.update@/os-quota-sets': admins.filter(withProject),
  'quota-sets.delete@/os-quota-sets': admins.filter(withProject),
}

/** What reads, and finds nothing on the stage: there are no volumes. */
export const findNothing = /^server-volumes\.show$/

/** Who may ask for that operation, or undefined when the table says nothing of it. */
export const mayDo = whoMay('os_compute_api:', byRule, byOperation)
