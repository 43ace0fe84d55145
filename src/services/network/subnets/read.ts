import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { reader } from '../rules.ts'
import { visibleSubnets } from '../store/subnets.ts'
import { listerOf } from '../wire/actor.ts'
import { FieldsQuery, listed, pickFields, Shown } from '../wire/listing.ts'
import { subnetCollection, subnetResource } from './resource.ts'
import { Subnet } from './schema.ts'
import { subnetView } from './view.ts'

const see = rule('get_subnet', `${reader} or rule:shared or rule:network_owner`, 'Show a subnet.')

/** Reference 13.3.1. */
export const listSubnets = operation({
  id: 'subnets.list',
  method: 'GET',
  path: '/subnets',
  summary: 'List subnets',
  catalog: ['network-v2.0.subnets.list-subnets'],
  policy: see,
  query: subnetCollection.query,
  answer: subnetCollection.answer(Shown(Subnet)),
  handle: (context) =>
    listed(context, subnetCollection, visibleSubnets(context.db, listerOf(context, see.name)), (rows) => rows.map(subnetView)),
})

/** Reference 13.3.4. */
export const showSubnet = operation({
  id: 'subnets.show',
  method: 'GET',
  path: '/subnets/{subnet_id}',
  summary: 'Show a subnet',
  catalog: ['network-v2.0.subnets.show-subnet-details'],
  policy: see,
  on: subnetResource,
  query: FieldsQuery,
  answer: Type.Object({ subnet: Shown(Subnet) }),
  handle: async (context) => ({ subnet: pickFields(context, subnetView(context.subnet)) }),
})
