import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { reader } from '../rules.ts'
import { visibleNetworks, withSubnets } from '../store/networks.ts'
import { listerOf } from '../wire/actor.ts'
import { FieldsQuery, listed, pickFields, Shown } from '../wire/listing.ts'
import { networkCollection, networkResource } from './resource.ts'
import { Network } from './schema.ts'
import { networkViews, seenOfNetwork } from './view.ts'

const see = rule('get_network', `${reader} or rule:shared or rule:external or rule:context_is_advsvc`, 'Show a network.')

/** Reference 13.2.1: own, shared and external networks. */
export const listNetworks = operation({
  id: 'networks.list',
  method: 'GET',
  path: '/networks',
  summary: 'List networks',
  catalog: ['network-v2.0.networks.list-networks', 'network-v2.0-ext.networks-provider-extended-attributes.list-networks'],
  policy: see,
  query: networkCollection.query,
  answer: networkCollection.answer(Shown(Network)),
  async handle(context) {
    const { db, rawQuery } = context
    let query = visibleNetworks(db, listerOf(context, see.name))
    const subnets = rawQuery.getAll('subnets')
    if (subnets.length) query = query.where('id', 'in', withSubnets(db, subnets))
    const provider = rawQuery.getAll('provider:network_type')
    if (provider.length && !provider.includes('local')) query = query.where('id', '=', '')
    return listed(context, networkCollection, query, (rows) => networkViews(db, rows, seenOfNetwork(context)))
  },
})

/** Reference 13.2.4. */
export const showNetwork = operation({
  id: 'networks.show',
  method: 'GET',
  path: '/networks/{network_id}',
  summary: 'Show a network',
  catalog: ['network-v2.0.networks.show-network-details', 'network-v2.0-ext.networks-provider-extended-attributes.show-network-details'],
  policy: see,
  on: networkResource,
  query: FieldsQuery,
  answer: Type.Object({ network: Shown(Network) }),
  async handle(context) {
    const { db, network } = context
    const [view] = await networkViews(db, [network], seenOfNetwork(context))
    return { network: pickFields(context, view!) }
  },
})
