import { resource } from '../../../api/operation.ts'
import { holding } from '../../../db/hold.ts'
import { findVisibleRouter } from '../store/routers.ts'
import { ownedBy, viewerOf } from '../wire/actor.ts'
import { collection } from '../wire/listing.ts'

export const routerResource = resource({
  name: 'router',
  param: 'router_id',
  hold: holding('network_routers'),
  load: (id, context) => findVisibleRouter(context.db, viewerOf(context), id),
  target: (router) => ownedBy(router.project_id),
  missing: (id) => `Router ${id.slice(0, 100)} could not be found`,
  missingType: 'RouterNotFound',
})

export const routerCollection = collection({
  many: 'routers',
  columns: {
    id: 'id',
    name: 'name',
    description: 'description',
    project_id: 'project_id',
    tenant_id: 'project_id',
    admin_state_up: 'admin_state_up',
    status: 'status',
    revision_number: 'revision',
    created_at: 'created_at',
    updated_at: 'updated_at',
  },
  numbers: ['revision_number'],
  booleans: ['admin_state_up'],
})
