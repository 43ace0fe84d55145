import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { listing } from '../../../api/listing.ts'
import { type BaseContext, type Operation, operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { seenProject } from '../asker.ts'
import { listStyle } from '../list-style.ts'
import { anyone } from '../rules.ts'
import { flavors } from './resource.ts'
import { BriefFlavor, Flavor } from './schema.ts'
import { visibleFlavors } from './store.ts'
import type { FlavorRow } from './tables.ts'
import { flavorView } from './view.ts'

const flavorList = (path: '/flavors' | '/flavors/detail') =>
  listing({
    style: listStyle,
    many: 'flavors',
    path,
    filters: { minDisk: {}, minRam: {}, is_public: {} },
    sortKeys: {
      flavorid: 'id',
      id: 'id',
      name: 'name',
      memory_mb: 'ram',
      ram: 'ram',
      vcpus: 'vcpus',
      root_gb: 'disk',
      disk: 'disk',
      ephemeral_gb: 'ephemeral',
      swap: 'swap',
      rxtx_factor: 'rxtx_factor',
      is_public: 'is_public',
      created_at: 'created_at',
    },
    defaultSort: [['id', 'asc']],
    id: 'id',
    maxLimit: 1000,
  })
const brief = flavorList('/flavors')
const details = flavorList('/flavors/detail')

function atLeast(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`Invalid ${name} filter [${text.slice(0, 60)}]`)
  return Number(text)
}

/** Flavors that the asker may see, narrowed by the list's own filters. Throws 400. */
function wantedFlavors(context: BaseContext) {
  const { db, rawQuery } = context
  const project = seenProject(context)
  let rows = visibleFlavors(db, project).selectAll()
  // An administrator sees private ones only when asking for them.
  const wanted = rawQuery.get('is_public')
  if (project === null && wanted?.toLowerCase() !== 'none') rows = rows.where('is_public', '=', wanted === null ? true : isTrue(wanted))
  const [minDisk, minRam] = [rawQuery.get('minDisk'), rawQuery.get('minRam')]
  if (minDisk !== null) rows = rows.where('disk', '>=', atLeast(minDisk, 'minDisk'))
  if (minRam !== null) rows = rows.where('ram', '>=', atLeast(minRam, 'minRam'))
  return rows
}

const index = rule('os_compute_api:flavors', anyone, 'List and show flavors.')

const list = operation({
  id: 'flavors.list',
  method: 'GET',
  path: '/flavors',
  summary: 'List flavors',
  catalog: ['compute-v2.1.flavors-with-extended-attributes.list-flavors'],
  policy: index,
  query: brief.query,
  answer: brief.answer(BriefFlavor),
  async handle(context) {
    const page = await brief.page<FlavorRow>(context, wantedFlavors(context))
    return brief.body(context, page, page.rows.map(flavorView(context).brief))
  },
})

const detail = operation({
  id: 'flavors.detail',
  method: 'GET',
  path: '/flavors/detail',
  summary: 'List flavors with details',
  catalog: ['compute-v2.1.flavors-with-extended-attributes.list-flavors-with-details'],
  also: [
    // The reference prints these with the extension's name in the path.
    { path: '/flavors/os-flavor-access/detail', catalog: ['compute-v2.1.flavors-access.list-flavors-with-details-and-access-list'] },
  ],
  policy: index,
  query: details.query,
  answer: details.answer(Flavor),
  async handle(context) {
    const page = await details.page<FlavorRow>(context, wantedFlavors(context))
    return details.body(context, page, page.rows.map(flavorView(context).detail))
  },
})

const show = operation({
  id: 'flavors.show',
  method: 'GET',
  path: '/flavors/{flavor_id}',
  summary: 'Show flavor details',
  catalog: ['compute-v2.1.flavors-with-extended-attributes.show-flavor-details'],
  also: [{ path: '/flavors/os-flavor-access/{flavor_id}', catalog: ['compute-v2.1.flavors-access.show-flavor-details-with-access-list'] }],
  policy: index,
  on: flavors,
  answer: Type.Object({ flavor: Flavor }),
  handle: async (context) => ({ flavor: flavorView(context).detail(context.flavor) }),
})

export const readFlavors: Operation[] = [list, detail, show]
