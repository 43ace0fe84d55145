import type { Static } from 'typebox'
import { forbidden } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { findVisibleNetwork } from '../networks/store.ts'
import { member } from '../rules.ts'
import { ensureDefaultGroup } from '../security-groups/default-group.ts'
import { actorOf, ownerOf, serviceRule, viewerOf } from '../wire/actor.ts'
import { createEach, OneOrMany, OneOrManyMade } from '../wire/bodies.ts'
import { networkNotFound } from '../wire/faults.ts'
import { canonicalMac, checkGroups, checkPairs, checkPortAttributes, checkSecurity } from './attributes.ts'
import { mergeDhcpOptions } from './dhcp-options.ts'
import { makePort } from './make.ts'
import { portTarget } from './resource.ts'
import { NewPortBody, Port } from './schema.ts'
import { portView, seenOfPort } from './view.ts'

async function createOne(context: BaseContext, given: Static<typeof NewPortBody>) {
  const { cloud, tx, now } = context
  const actor = actorOf(context)
  const projectId = ownerOf(context, given)
  const network = await findVisibleNetwork(tx.db, viewerOf(context), given.network_id)
  if (!network) throw networkNotFound(given.network_id)
  if (!actor.isAdmin && !network.shared && network.project_id !== projectId && !context.allows(serviceRule, {})) {
    throw forbidden(`Tenant ${projectId} not allowed to create port on this network`)
  }
  const deviceOwner = given.device_owner ?? ''
  checkPortAttributes(context, 'create_port', given, portTarget(projectId, network, deviceOwner))
  const portSecurity = given.port_security_enabled === undefined ? network.port_security_enabled : isTrue(given.port_security_enabled)
  const byDefault = given.security_groups == null && portSecurity && !deviceOwner.startsWith('network:')
  const securityGroups = byDefault
    ? [await ensureDefaultGroup(cloud, tx, projectId, now)]
    : await checkGroups(tx.db, given.security_groups ?? [], projectId, actor.isAdmin)
  const mac = given.mac_address === undefined ? undefined : canonicalMac(given.mac_address)
  checkSecurity(portSecurity, securityGroups, checkPairs(given.allowed_address_pairs ?? [], mac ?? ''))
  const port = await makePort(
    cloud,
    tx,
    {
      network,
      projectId,
      name: given.name ?? '',
      description: given.description ?? '',
      mac,
      fixed: given.fixed_ips ?? null,
      deviceId: given.device_id ?? '',
      deviceOwner,
      adminStateUp: given.admin_state_up === undefined ? true : isTrue(given.admin_state_up),
      securityGroups,
      portSecurity,
      allowedAddressPairs: (portMac) => checkPairs(given.allowed_address_pairs ?? [], portMac),
      extraDhcpOpts: mergeDhcpOptions([], given.extra_dhcp_opts ?? []),
      binding: {
        host: given['binding:host_id'] ?? '',
        vnicType: given['binding:vnic_type'],
        profile: given['binding:profile'] ?? {},
      },
      dnsName: given.dns_name ?? '',
    },
    now,
  )
  return portView(port, seenOfPort(context))
}

/** Reference 13.4.2, 13.4.3, 14.6.2. */
export const createPort = operation({
  id: 'ports.create',
  method: 'POST',
  path: '/ports',
  summary: 'Create one port or several',
  catalog: [
    'network-v2.0.ports.create-port',
    'network-v2.0.ports.bulk-create-ports',
    'network-v2.0-ext.ports-binding-extended-attributes.create-port',
  ],
  body: OneOrMany('port', 'ports', NewPortBody),
  status: 201,
  answer: OneOrManyMade('port', 'ports', Port),
  quota: { 'network.port': 'handler' },
  policy: rule('create_port', member, 'Create a port.'),
  handle: async (context) => createEach(context.body, 'port', 'ports', (given: Static<typeof NewPortBody>) => createOne(context, given)),
})
