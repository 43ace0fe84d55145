import type { Static } from 'typebox'
import type { BaseContext } from '../../../api/operation.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { guardedNetwork, member } from '../rules.ts'
import { checkAttributes, ownedBy, ownerOf } from '../wire/actor.ts'
import { createEach, OneOrMany, OneOrManyMade } from '../wire/bodies.ts'
import { invalid } from '../wire/faults.ts'
import { defaultMtu, networkColumns } from './attributes.ts'
import { Network, NewNetwork } from './schema.ts'
import { insertNetwork } from './store.ts'
import { networkViews, seenOfNetwork, zone } from './view.ts'

async function makeNetwork(context: BaseContext, given: Static<typeof NewNetwork>) {
  const { cloud, tx, now } = context
  const projectId = ownerOf(context, given)
  checkAttributes(context, 'create_network', guardedNetwork, given, ownedBy(projectId))
  const hints = given.availability_zone_hints ?? []
  const unknown = hints.find((hint) => hint !== zone)
  if (unknown !== undefined) throw invalid(`AvailabilityZone ${unknown} could not be found.`)
  await cloud.quota.take(tx, projectId, { 'network.network': 1 })
  const row = await insertNetwork(tx.db, {
    id: cloud.environment.uuid(),
    project_id: projectId,
    name: '',
    description: '',
    admin_state_up: true,
    status: 'ACTIVE',
    mtu: defaultMtu,
    dns_domain: '',
    availability_zone_hints: hints,
    created_at: now,
    updated_at: now,
    ...networkColumns(given),
  })
  await tellNetwork(cloud, tx, networkEvents.network.created, row)
  return (await networkViews(tx.db, [row], seenOfNetwork(context)))[0]!
}

/** Reference 13.2.2, 13.2.3. */
export const createNetwork = operation({
  id: 'networks.create',
  method: 'POST',
  path: '/networks',
  summary: 'Create one network or several',
  catalog: [
    'network-v2.0.networks.create-network',
    'network-v2.0.networks.bulk-create-networks',
    'network-v2.0-ext.networks-provider-extended-attributes.create-network',
  ],
  body: OneOrMany('network', 'networks', NewNetwork),
  status: 201,
  answer: OneOrManyMade('network', 'networks', Network),
  quota: { 'network.network': 'handler' },
  policy: rule('create_network', member, 'Create a network.'),
  handle: async (context) =>
    createEach(context.body, 'network', 'networks', (given: Static<typeof NewNetwork>) => makeNetwork(context, given)),
})
