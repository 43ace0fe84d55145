import { Type } from 'typebox'
import { conflict } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { syncNetwork } from '../documents/networks.ts'
import { guardedNetworkUpdate, member } from '../rules.ts'
import { updateNetwork } from '../store/networks.ts'
import { portsOfNetwork } from '../store/ports.ts'
import { checkAttributes } from '../wire/actor.ts'
import { checkRevision } from '../wire/revision.ts'
import { networkColumns } from './attributes.ts'
import { networkResource, networkTarget } from './resource.ts'
import { Network, NetworkChanges } from './schema.ts'
import { networkViews, seenOfNetwork } from './view.ts'

/** Reference 13.2.5. */
export const changeNetwork = operation({
  id: 'networks.update',
  method: 'PUT',
  path: '/networks/{network_id}',
  summary: 'Change a network',
  catalog: ['network-v2.0.networks.update-network', 'network-v2.0-ext.networks-provider-extended-attributes.update-network'],
  body: NetworkChanges,
  policy: rule('update_network', member, 'Change a network.'),
  on: networkResource,
  answer: Type.Object({ network: Network }),
  async handle(context) {
    const { tx, cloud, body, network, now } = context
    checkRevision(context, network.revision)
    checkAttributes(context, 'update_network', guardedNetworkUpdate, body.network, networkTarget(network))
    const columns = networkColumns(body.network)
    if (columns.shared === false && network.shared) {
      const foreign = (await portsOfNetwork(tx.db, network.id)).some((port) => port.project_id && port.project_id !== network.project_id)
      if (foreign) {
        throw conflict(
          `Unable to reconfigure sharing settings for network ${network.id}. Multiple tenants are using it.`,
          'InvalidSharedSetting',
        )
      }
    }
    if (columns.external === false && network.external) {
      const used = (await portsOfNetwork(tx.db, network.id)).some((port) => /^network:(router_gateway|floatingip)$/.test(port.device_owner))
      if (used) {
        throw conflict(
          `External network ${network.id} cannot be updated to be made non-external, since it has existing gateway ports.`,
          'ExternalNetworkInUse',
        )
      }
    }
    const row = await updateNetwork(tx.db, network.id, columns, now)
    await syncNetwork(cloud, tx, network.id)
    const [view] = await networkViews(tx.db, [row], seenOfNetwork(context))
    return { network: view }
  },
})
