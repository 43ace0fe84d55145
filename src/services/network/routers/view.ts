import type { Static } from 'typebox'
import type { Db } from '../../../db/database.ts'
import { zone } from '../networks/view.ts'
import { findPorts } from '../store/ports.ts'
import type { Router } from '../store/routers.ts'
import { standard } from '../wire/fields.ts'
import type { Router as Shape } from './schema.ts'

/** Routers as they are shown (reference 14.9, 14.16). */
export async function routerViews(db: Db, routers: Router[]): Promise<Static<typeof Shape>[]> {
  const ids = routers.flatMap((router) => router.gateway_port_id ?? [])
  const gateways = new Map((await findPorts(db, ids)).map((port) => [port.id, port]))
  return routers.map((router) => {
    const gateway = router.gateway_port_id === null ? undefined : gateways.get(router.gateway_port_id)
    return {
      id: router.id,
      name: router.name,
      admin_state_up: router.admin_state_up,
      status: router.status,
      external_gateway_info: gateway
        ? { network_id: gateway.network_id, enable_snat: router.enable_snat, external_fixed_ips: gateway.fixed_ips }
        : null,
      routes: router.routes,
      availability_zone_hints: router.availability_zone_hints,
      availability_zones: gateway ? [zone] : [],
      ...standard(router),
    }
  })
}

export const routerView = async (db: Db, router: Router) => (await routerViews(db, [router]))[0]!
