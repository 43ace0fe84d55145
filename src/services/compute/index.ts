// Compute (reference chapter 3): servers, what they are made of, and where they run.

import { service } from '../../api/service.ts'
import { consoleOperations } from './console/operations.ts'
import { consoleListener } from './console/proxy.ts'
import { extensionOperations } from './extensions.ts'
import { faults } from './faults.ts'
import { makeDefaultFlavors } from './flavors/defaults.ts'
import { flavorOperations } from './flavors/index.ts'
import { floatingIpOperations } from './floating-ips/index.ts'
import { serverFloatingIpOperations } from './floating-ips/of-servers.ts'
import { availabilityZoneOperations } from './hosts/availability-zones.ts'
import { hostOperations } from './hosts/hosts.ts'
import { hypervisorOperations } from './hosts/hypervisors.ts'
import { serviceOperations } from './hosts/services.ts'
import { keypairOperations } from './keypairs/keypairs.ts'
import { limitOperations, limitRules } from './limits.ts'
import { networkOperations } from './networks/index.ts'
import { notThereOperations } from './not-there.ts'
import { quotaSetOperations } from './quota-sets.ts'
import { quotas } from './quotas.ts'
import { baseRules } from './rules.ts'
import { securityGroupOperations } from './security-groups/index.ts'
import { groupsOfServersOperations } from './security-groups/of-servers.ts'
import { securityGroupRuleOperations } from './security-groups/rules.ts'
import { serverGroupOperations, serverGroupRules } from './server-groups/index.ts'
import { createServer } from './servers/create-task.ts'
import { deleteServerTask } from './servers/delete.ts'
import { actionRules } from './servers/history.ts'
import { serverOperations } from './servers/index.ts'
import { attachInterfaceTask, detachInterfaceTask } from './servers/interfaces.ts'
import { lockRules } from './servers/lock.ts'
import { serverMachine } from './servers/machine.ts'
import { serverListRules } from './servers/read.ts'
import { hardRebootTask, softRebootTask } from './servers/reboot.ts'
import { startTask } from './servers/start.ts'
import { stopTask } from './servers/stop.ts'
import { purgeDeleted } from './servers/store.ts'
import { watchGuests } from './servers/watch-guests.ts'
import { unbuilt } from './unbuilt.ts'
import { maxVersion, versionOperations } from './versions.ts'

/** How long deleted servers are still found by lists of changes. */
const keepDeletedMs = 7 * 86_400_000

const operations = [
  ...versionOperations,
  ...serverOperations,
  ...consoleOperations,
  ...flavorOperations,
  ...keypairOperations,
  ...limitOperations,
  ...quotaSetOperations,
  ...availabilityZoneOperations,
  ...hypervisorOperations,
  ...serviceOperations,
  ...securityGroupOperations,
  ...securityGroupRuleOperations,
  ...groupsOfServersOperations,
  ...serverGroupOperations,
  ...floatingIpOperations,
  ...serverFloatingIpOperations,
  ...networkOperations,
  ...hostOperations,
  ...notThereOperations,
]

export const compute = service({
  name: 'compute',
  description: 'Compute',
  ports: [8774],
  faults,
  requestIdHeader: 'x-compute-request-id',
  majors: [
    { id: 'v2.1', min: '2.1', max: maxVersion },
    { id: 'v2', lenient: true },
  ],
  projectInPath: true,
  microversions: { type: 'compute', legacyHeader: 'X-OpenStack-Nova-API-Version' },
  catalog: [
    { type: 'compute', name: 'nova', path: '/v2.1' },
    { type: 'compute_legacy', name: 'nova_legacy', path: '/v2/%(project_id)s' },
  ],
  baseRules,
  moreRules: [...serverListRules, ...lockRules, ...limitRules, ...actionRules, ...serverGroupRules],
  operations: [...operations, ...extensionOperations(operations)],
  unbuilt,
  machines: [serverMachine],
  tasks: [createServer, deleteServerTask, startTask, stopTask, softRebootTask, hardRebootTask, attachInterfaceTask, detachInterfaceTask],
  listeners: [consoleListener],
  quotas,
  begin(cloud) {
    watchGuests(cloud)
    cloud.tasks.periodic('purge deleted servers', 3_600_000, () =>
      cloud.database.write(({ db }) => purgeDeleted(db, new Date(cloud.environment.clock.now() - keepDeletedMs).toISOString())),
    )
  },
  bootstrap: makeDefaultFlavors,
})
