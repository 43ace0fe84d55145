import type { Static } from 'typebox'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { syncRouter } from '../documents/routers.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { zone } from '../networks/view.ts'
import { member } from '../rules.ts'
import { ownerOf } from '../wire/actor.ts'
import { createEach, OneOrMany, OneOrManyMade } from '../wire/bodies.ts'
import { invalid } from '../wire/faults.ts'
import { checkGatewayRules, setGateway } from './gateway.ts'
import { NewRouter, Router } from './schema.ts'
import { insertRouter } from './store.ts'
import { routerView } from './view.ts'

async function makeRouter(context: BaseContext, given: Static<typeof NewRouter>) {
  const { cloud, tx, now } = context
  const projectId = ownerOf(context, given)
  checkGatewayRules(context, 'create_router', projectId, given.external_gateway_info)
  const hints = given.availability_zone_hints ?? []
  const unknown = hints.find((hint) => hint !== zone)
  if (unknown !== undefined) throw invalid(`AvailabilityZone ${unknown} could not be found.`)
  await cloud.quota.take(tx, projectId, { 'network.router': 1 })
  let router = await insertRouter(tx.db, {
    id: cloud.environment.uuid(),
    project_id: projectId,
    name: given.name ?? '',
    description: given.description ?? '',
    admin_state_up: given.admin_state_up === undefined ? true : isTrue(given.admin_state_up),
    status: 'ACTIVE',
    routes: [],
    gateway_port_id: null,
    gateway_network_id: null,
    availability_zone_hints: hints,
    created_at: now,
    updated_at: now,
  })
  await tellNetwork(cloud, tx, networkEvents.router.created, router)
  if (given.external_gateway_info) router = await setGateway(context, router, given.external_gateway_info)
  await syncRouter(cloud, tx, router.id, now)
  return routerView(tx.db, router)
}

/** Reference 14.9.2. */
export const createRouter = operation({
  id: 'routers.create',
  method: 'POST',
  path: '/routers',
  summary: 'Create one router or several',
  catalog: ['network-v2.0-ext.layer-3-networking.create-router'],
  body: OneOrMany('router', 'routers', NewRouter),
  status: 201,
  answer: OneOrManyMade('router', 'routers', Router),
  quota: { 'network.router': 'handler' },
  policy: rule('create_router', member, 'Create a router.'),
  handle: async (context) => createEach(context.body, 'router', 'routers', (given: Static<typeof NewRouter>) => makeRouter(context, given)),
})
