// Networking (reference chapters 13 and 14): networks, subnets, ports, routers, floating IPs, security groups.
import { service } from '../../api/service.ts'
import { agentOperations } from './agents/index.ts'
import { listZones } from './availability-zones.ts'
import { bootstrapNetwork, placeRouters } from './bootstrap/index.ts'
import { listenToReports } from './documents/reports.ts'
import { extensionOperations } from './extensions.ts'
import { faults } from './faults.ts'
import { changeFloatingIp, createFloatingIp, deleteFloatingIp, listFloatingIps, showFloatingIp } from './floating-ips/index.ts'
import { ipAvailabilityOperations } from './ip-availability.ts'
import { createNetwork } from './networks/create.ts'
import { deleteNetworkOperation } from './networks/delete.ts'
import { listNetworks, showNetwork } from './networks/read.ts'
import { changeNetwork } from './networks/update.ts'
import { createPort } from './ports/create.ts'
import { deletePort } from './ports/delete.ts'
import { listPorts, showPort } from './ports/read.ts'
import { changePortOperation } from './ports/update.ts'
import { quotaDefaults, quotaOperations } from './quotas.ts'
import { createRouter } from './routers/create.ts'
import { deleteRouter } from './routers/delete.ts'
import { addInterface, removeInterface } from './routers/interfaces.ts'
import { listRouters, showRouter } from './routers/read.ts'
import { changeRouter } from './routers/update.ts'
import { attributeRules, baseRules } from './rules.ts'
import { createRule, deleteRuleOperation, listRules, showRule } from './security-group-rules/index.ts'
import { createGroup, deleteGroup, listGroups, showGroup, updateGroup } from './security-groups/index.ts'
import { floatingIpMachine, portMachine } from './store/machines.ts'
import { createSubnet } from './subnets/create.ts'
import { deleteSubnetOperation } from './subnets/delete.ts'
import { listSubnets, showSubnet } from './subnets/read.ts'
import { changeSubnet } from './subnets/update.ts'
import { unbuilt } from './unbuilt.ts'
import { versionOperations } from './versions.ts'
import { networkXml } from './wire/xml.ts'

const operations = [
  ...versionOperations,
  ...[listNetworks, createNetwork, showNetwork, changeNetwork, deleteNetworkOperation],
  ...[listSubnets, createSubnet, showSubnet, changeSubnet, deleteSubnetOperation],
  ...[listPorts, createPort, showPort, changePortOperation, deletePort],
  ...[listRouters, createRouter, showRouter, changeRouter, deleteRouter, addInterface, removeInterface],
  ...[listFloatingIps, createFloatingIp, showFloatingIp, changeFloatingIp, deleteFloatingIp],
  ...[listGroups, createGroup, showGroup, updateGroup, deleteGroup],
  ...[listRules, createRule, showRule, deleteRuleOperation],
  ...quotaOperations,
  ...agentOperations,
  listZones,
  ...ipAvailabilityOperations,
]

export const network = service({
  name: 'network',
  description: 'Networking',
  ports: [9696],
  faults,
  majors: [{ id: 'v2.0' }],
  xml: networkXml,
  projectInPath: false,
  catalog: [{ type: 'network', name: 'neutron', path: '' }],
  baseRules,
  moreRules: attributeRules,
  quotas: quotaDefaults,
  machines: [portMachine, floatingIpMachine],
  operations: [...operations, ...extensionOperations(operations)],
  unbuilt,
  begin(cloud) {
    listenToReports(cloud)
    cloud.tasks.periodic('place routers', 30_000, () => placeRouters(cloud))
  },
  bootstrap: bootstrapNetwork,
})
