import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { reader } from '../rules.ts'
import { visibleRouters } from '../store/routers.ts'
import { listerOf } from '../wire/actor.ts'
import { FieldsQuery, listed, pickFields, Shown } from '../wire/listing.ts'
import { routerCollection, routerResource } from './resource.ts'
import { Router } from './schema.ts'
import { routerView, routerViews } from './view.ts'

const see = rule('get_router', reader, 'Show a router.')

/** Reference 14.9.1. */
export const listRouters = operation({
  id: 'routers.list',
  method: 'GET',
  path: '/routers',
  summary: 'List routers',
  catalog: ['network-v2.0-ext.layer-3-networking.list-routers'],
  policy: see,
  query: routerCollection.query,
  answer: routerCollection.answer(Shown(Router)),
  handle: (context) =>
    listed(context, routerCollection, visibleRouters(context.db, listerOf(context, see.name)), (rows) => routerViews(context.db, rows)),
})

/** Reference 14.9.3. */
export const showRouter = operation({
  id: 'routers.show',
  method: 'GET',
  path: '/routers/{router_id}',
  summary: 'Show a router',
  catalog: ['network-v2.0-ext.layer-3-networking.show-router-details'],
  policy: see,
  on: routerResource,
  query: FieldsQuery,
  answer: Type.Object({ router: Shown(Router) }),
  handle: async (context) => ({ router: pickFields(context, await routerView(context.db, context.router)) }),
})
