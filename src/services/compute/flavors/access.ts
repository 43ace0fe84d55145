import { badRequest, conflict, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { findProject } from '../../../auth/store.ts'
import type { Db } from '../../../db/database.ts'
import { admin } from '../rules.ts'
import { anyFlavor } from './resource.ts'
import { AddAccess, FlavorAccess, RemoveAccess } from './schema.ts'
import { addFlavorAccess, allFlavorAccess, flavorAccess, removeFlavorAccess } from './store.ts'
import type { FlavorAccessRow, FlavorRow } from './tables.ts'

const oldPath = '/flavors/os-flavor-access/{flavor_id}/action'

const view = (rows: FlavorAccessRow[]) => ({
  flavor_access: rows.map(({ flavor_id, project_id }) => ({ flavor_id, tenant_id: project_id })),
})

const list = operation({
  id: 'flavor-access.list',
  method: 'GET',
  path: '/flavors/{flavor_id}/os-flavor-access',
  summary: 'List the projects that may use a private flavor',
  catalog: [],
  policy: rule('os_compute_api:os-flavor-access', admin, 'List access to a private flavor.'),
  on: anyFlavor,
  answer: FlavorAccess,
  async handle({ flavor, db }) {
    if (flavor.is_public) throw notFound('Access list not available for public flavors.')
    return view(await flavorAccess(db, flavor.id))
  },
})

/** Reference 3.13.2: of all private flavors at once. */
const listAll = operation({
  id: 'flavor-access.list-all',
  method: 'GET',
  path: '/flavors/os-flavor-access',
  summary: 'List which projects may use which private flavors',
  catalog: ['compute-v2.1.flavors-access.list-flavors-with-access-list'],
  policy: rule('os_compute_api:os-flavor-access', admin, 'List access to a private flavor.'),
  answer: FlavorAccess,
  handle: async ({ db }) => view(await allFlavorAccess(db)),
})

async function checkProject(db: Db, id: string): Promise<void> {
  if (!(await findProject(db, id))) throw badRequest(`Project ID ${id} is not a valid project.`)
}

const add = operation({
  id: 'flavor-access.add',
  method: 'POST',
  path: '/flavors/{flavor_id}/action',
  action: 'addTenantAccess',
  summary: 'Let a project use a private flavor',
  catalog: [],
  also: [{ path: oldPath, catalog: ['compute-v2.1.flavors-access.add-flavor-access-to-tenant'] }],
  policy: rule('os_compute_api:os-flavor-access:add_tenant_access', admin, 'Add access to a private flavor.'),
  on: anyFlavor,
  body: AddAccess,
  answer: FlavorAccess,
  async handle({ flavor, body, tx, at }) {
    const project = body.addTenantAccess.tenant
    if (at('2.7') && (flavor as FlavorRow).is_public) throw conflict('Can not add access to a public flavor.')
    await checkProject(tx.db, project)
    if ((await flavorAccess(tx.db, flavor.id)).some((row) => row.project_id === project)) {
      throw conflict(`Flavor access already exists for flavor ${flavor.id} and project ${project} combination.`)
    }
    await addFlavorAccess(tx.db, flavor.id, project)
    return view(await flavorAccess(tx.db, flavor.id))
  },
})

const remove = operation({
  id: 'flavor-access.remove',
  method: 'POST',
  path: '/flavors/{flavor_id}/action',
  action: 'removeTenantAccess',
  summary: 'Take a private flavor from a project',
  catalog: [],
  also: [{ path: oldPath, catalog: ['compute-v2.1.flavors-access.remove-flavor-access-from-tenant'] }],
  policy: rule('os_compute_api:os-flavor-access:remove_tenant_access', admin, 'Remove access to a private flavor.'),
  on: anyFlavor,
  body: RemoveAccess,
  answer: FlavorAccess,
  async handle({ flavor, body, tx }) {
    const project = body.removeTenantAccess.tenant
    await checkProject(tx.db, project)
    if (!(await removeFlavorAccess(tx.db, flavor.id, project))) {
      throw notFound(`Flavor access not found for ${flavor.id} / ${project} combination.`)
    }
    return view(await flavorAccess(tx.db, flavor.id))
  },
})

export const flavorAccessOperations = [list, listAll, add, remove]
