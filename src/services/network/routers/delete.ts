import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { syncRouter } from '../documents/routers.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { routerInUse } from '../router-ports/faults.ts'
import { member } from '../rules.ts'
import { deleteRouterRow, interfacesOf, lockRouter } from '../store/routers.ts'
import { checkRevision } from '../wire/revision.ts'
import { setGateway } from './gateway.ts'
import { routerResource } from './resource.ts'

/** Reference 14.9.5: fails while the router has interfaces. */
export const deleteRouter = operation({
  id: 'routers.delete',
  method: 'DELETE',
  path: '/routers/{router_id}',
  summary: 'Delete a router',
  catalog: ['network-v2.0-ext.layer-3-networking.delete-router'],
  status: 204,
  policy: rule('delete_router', member, 'Delete a router.'),
  on: routerResource,
  async handle(context) {
    const { tx, cloud, now } = context
    checkRevision(context, context.router.revision)
    const router = await lockRouter(tx.db, context.router.id)
    if (!router) return
    if ((await interfacesOf(tx.db, router.id)).length) throw routerInUse(router.id, 'still has ports')
    // Before the gateway's network, as they are taken when a router is made.
    await cloud.quota.count(tx, router.project_id, { 'network.router': -1 })
    await setGateway(context, router, null)
    await deleteRouterRow(tx.db, router.id)
    await tellNetwork(cloud, tx, networkEvents.router.deleted, router)
    await syncRouter(cloud, tx, router.id, now)
  },
})
