import { Type } from 'typebox'
import { conflict } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin } from '../rules.ts'
import { anyFlavor } from './resource.ts'
import { CreateFlavor, Flavor } from './schema.ts'
import { deleteFlavor, flavorWithNameOrId, insertFlavor } from './store.ts'
import type { FlavorRow } from './tables.ts'
import { flavorView } from './view.ts'

const create = operation({
  id: 'flavors.create',
  method: 'POST',
  path: '/flavors',
  summary: 'Create a flavor',
  catalog: [],
  also: [
    { path: '/flavors/os-flavor-manage', catalog: ['compute-v2.1.flavors-manage.create-flavor'], status: 201 },
    { path: '/flavors/os-flavor-access', catalog: ['compute-v2.1.flavors-access.create-flavor-with-access-list'] },
  ],
  policy: rule('os_compute_api:os-flavor-manage:create', admin, 'Create a flavor.'),
  body: CreateFlavor,
  answer: Type.Object({ flavor: Flavor }),
  async handle(context) {
    const { body, tx, now, cloud } = context
    const given = body.flavor
    const id = given.id === undefined || given.id === null || given.id === 'auto' ? cloud.environment.uuid() : String(given.id)
    const name = given.name.trim()
    const known = await flavorWithNameOrId(tx.db, name, id)
    if (known) throw conflict(known.id === id ? `Flavor with ID ${id} already exists.` : `Flavor with name ${name} already exists.`)
    const row: FlavorRow = {
      id,
      name,
      vcpus: given.vcpus,
      ram: given.ram,
      disk: given.disk,
      ephemeral: given['OS-FLV-EXT-DATA:ephemeral'] ?? 0,
      swap: given.swap ?? 0,
      rxtx_factor: given.rxtx_factor ?? 1,
      is_public: given['os-flavor-access:is_public'] ?? true,
      extra_specs: {},
      created_at: now,
    }
    await insertFlavor(tx.db, row)
    return { flavor: flavorView(context).detail(row) }
  },
})

const remove = operation({
  id: 'flavors.delete',
  method: 'DELETE',
  path: '/flavors/{flavor_id}',
  summary: 'Delete a flavor',
  catalog: [],
  also: [{ path: '/flavors/os-flavor-manage/{flavor_id}', catalog: ['compute-v2.1.flavors-manage.delete-flavor'], status: 204 }],
  status: 202,
  policy: rule('os_compute_api:os-flavor-manage:delete', admin, 'Delete a flavor.'),
  on: anyFlavor,
  async handle({ flavor, tx }) {
    await deleteFlavor(tx.db, flavor.id)
  },
})

export const manageFlavors = [create, remove]
