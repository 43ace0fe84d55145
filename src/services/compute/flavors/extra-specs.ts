import { Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin, anyone } from '../rules.ts'
import { anyFlavor, flavors } from './resource.ts'
import { ExtraSpecs, OneExtraSpec, ShownExtraSpecs } from './schema.ts'
import { setExtraSpecs } from './store.ts'

const path = '/flavors/{flavor_id}/os-extra_specs'
const onePath = '/flavors/{flavor_id}/os-extra_specs/{key}'
const oldPath = '/flavors/os-flavor-extra-specs/{flavor_id}'
const oldOnePath = '/flavors/os-flavor-extra-specs/{flavor_id}/{key}'
const old = (name: string) => `compute-v2.1.flavors-extra-specs.${name}`
const text = (specs: Record<string, string | number>) =>
  Object.fromEntries(Object.entries(specs).map(([key, value]) => [key, String(value)]))
const missing = (id: string, key: string) => notFound(`Flavor ${id} has no extra specs with key ${key.slice(0, 255)}.`)

const list = operation({
  id: 'extra-specs.list',
  method: 'GET',
  path,
  summary: 'List extra specs of a flavor',
  catalog: [],
  also: [{ path: oldPath, catalog: [old('list-flavor-extra-specs')] }],
  policy: rule('os_compute_api:os-flavor-extra-specs:index', anyone, 'List extra specs of a flavor.'),
  on: flavors,
  answer: Type.Object({ extra_specs: ShownExtraSpecs }),
  handle: async ({ flavor }) => ({ extra_specs: flavor.extra_specs }),
})

const show = operation({
  id: 'extra-specs.show',
  method: 'GET',
  path: onePath,
  summary: 'Show one extra spec of a flavor',
  catalog: [],
  also: [{ path: oldOnePath, catalog: [old('show-flavor-extra-spec-by-key')] }],
  policy: rule('os_compute_api:os-flavor-extra-specs:show', anyone, 'Show one extra spec of a flavor.'),
  on: flavors,
  answer: ShownExtraSpecs,
  async handle({ flavor, params }) {
    if (!Object.hasOwn(flavor.extra_specs, params.key)) throw missing(flavor.id, params.key)
    return { [params.key]: flavor.extra_specs[params.key] }
  },
})

const create = operation({
  id: 'extra-specs.create',
  method: 'POST',
  path,
  summary: 'Set extra specs of a flavor',
  catalog: [],
  also: [{ path: oldPath, catalog: [old('create-or-update-flavor-extra-specs')], status: 201 }],
  policy: rule('os_compute_api:os-flavor-extra-specs:create', admin, 'Create extra specs of a flavor.'),
  on: anyFlavor,
  body: ExtraSpecs,
  answer: Type.Object({ extra_specs: ShownExtraSpecs }),
  async handle({ flavor, body, tx }) {
    const given = text(body.extra_specs)
    await setExtraSpecs(tx.db, flavor.id, { ...flavor.extra_specs, ...given })
    return { extra_specs: given }
  },
})

const update = operation({
  id: 'extra-specs.update',
  method: 'PUT',
  path: onePath,
  summary: 'Set one extra spec of a flavor',
  catalog: [],
  also: [{ path: oldOnePath, catalog: [old('update-flavor-extra-spec')] }],
  policy: rule('os_compute_api:os-flavor-extra-specs:update', admin, 'Update one extra spec of a flavor.'),
  on: anyFlavor,
  body: OneExtraSpec,
  answer: ShownExtraSpecs,
  async handle({ flavor, params, body, tx }) {
    const given = text(body)
    if (!Object.hasOwn(given, params.key)) throw badRequest('Request body and URI mismatch')
    await setExtraSpecs(tx.db, flavor.id, { ...flavor.extra_specs, ...given })
    return given
  },
})

const remove = operation({
  id: 'extra-specs.delete',
  method: 'DELETE',
  path: onePath,
  summary: 'Remove one extra spec of a flavor',
  catalog: [],
  policy: rule('os_compute_api:os-flavor-extra-specs:delete', admin, 'Delete one extra spec of a flavor.'),
  on: anyFlavor,
  async handle({ flavor, params, tx }) {
    if (!Object.hasOwn(flavor.extra_specs, params.key)) throw missing(flavor.id, params.key)
    const { [params.key]: _gone, ...rest } = flavor.extra_specs
    await setExtraSpecs(tx.db, flavor.id, rest)
    return undefined
  },
})

export const extraSpecOperations = [list, show, create, update, remove]
