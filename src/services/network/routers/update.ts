import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { Db } from '../../../db/database.ts'
import { contains, parseCidr } from '../addresses/cidr.ts'
import { parseIp } from '../addresses/ip.ts'
import { syncRouter } from '../documents/routers.ts'
import { connectedSubnets } from '../router-ports/overlap.ts'
import { member } from '../rules.ts'
import { findPort } from '../store/ports.ts'
import { interfacesOf, lockRouter, type Router, updateRouter } from '../store/routers.ts'
import { checkRoutes } from '../subnets/check.ts'
import type { Route } from '../tables.ts'
import { checkRevision } from '../wire/revision.ts'
import { checkGatewayRules, setGateway } from './gateway.ts'
import { routerResource } from './resource.ts'
import { RouterChanges, Router as Shape } from './schema.ts'
import { routerView } from './view.ts'

/** The next hop of each route must be in a connected subnet, and must not be the router itself. Throws 400. */
async function checkNextHops(db: Db, router: Router, routes: Route[]): Promise<void> {
  const subnets = await connectedSubnets(db, router)
  const gateway = router.gateway_port_id === null ? undefined : await findPort(db, router.gateway_port_id)
  const own = [...(await interfacesOf(db, router.id)), ...(gateway ? [gateway] : [])].flatMap((port) =>
    port.fixed_ips.map((ip) => ip.ip_address),
  )
  for (const route of routes) {
    const reached = subnets.some((subnet) => contains(parseCidr(subnet.cidr)!, parseIp(route.nexthop)!))
    const why = !reached ? 'the nexthop is not connected with router' : own.includes(route.nexthop) ? 'the nexthop is used by router' : null
    if (why) throw badRequest(`Invalid format for routes: ${JSON.stringify(routes).slice(0, 300)}, ${why}`, 'InvalidRoutes')
  }
}

/** Reference 14.9.4, 14.16.1. */
export const changeRouter = operation({
  id: 'routers.update',
  method: 'PUT',
  path: '/routers/{router_id}',
  summary: 'Change a router',
  catalog: ['network-v2.0-ext.layer-3-networking.update-router', 'network-v2.0-ext.extra-routes.update-router'],
  body: RouterChanges,
  answer: Type.Object({ router: Shape }),
  policy: rule('update_router', member, 'Change a router.'),
  on: routerResource,
  async handle(context) {
    const { tx, cloud, now } = context
    const given = context.body.router
    checkRevision(context, context.router.revision)
    checkGatewayRules(context, 'update_router', context.router.project_id, given.external_gateway_info)
    let router = (await lockRouter(tx.db, context.router.id))!
    if (given.external_gateway_info !== undefined) router = await setGateway(context, router, given.external_gateway_info)
    const routes = given.routes === undefined ? undefined : checkRoutes(given.routes, 'routes', null)
    // A gateway that goes takes the way of routes with it.
    if (routes || given.external_gateway_info !== undefined) await checkNextHops(tx.db, router, routes ?? router.routes)
    router = await updateRouter(
      tx.db,
      router.id,
      {
        ...(given.name === undefined ? {} : { name: given.name ?? '' }),
        ...(given.description === undefined ? {} : { description: given.description ?? '' }),
        ...(given.admin_state_up === undefined ? {} : { admin_state_up: isTrue(given.admin_state_up) }),
        ...(routes ? { routes } : {}),
      },
      now,
    )
    await syncRouter(cloud, tx, router.id, now)
    return { router: await routerView(tx.db, router) }
  },
})
