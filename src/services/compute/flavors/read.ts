import { badRequest } from '../../../api/faults.ts'
import { type ListShape, listRequest, listRows, nextQuery } from '../../../api/list.ts'
import { type BaseContext, type Operation, operation } from '../../../api/operation.ts'
import { isTrue } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { seenProject } from '../asker.ts'
import { alsoAt } from '../paths.ts'
import { anyone } from '../rules.ts'
import { flavors } from './resource.ts'
import { ListFlavors } from './schema.ts'
import { visibleFlavors } from './store.ts'
import type { FlavorRow } from './tables.ts'
import { flavorView } from './view.ts'

const shape: ListShape = {
  filters: {},
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
}

function atLeast(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`Invalid ${name} filter [${text.slice(0, 60)}]`)
  return Number(text)
}

async function page(context: BaseContext & { query: { minDisk?: string; minRam?: string; is_public?: string } }) {
  const { db, query } = context
  const project = seenProject(context)
  let rows = visibleFlavors(db, project).selectAll()
  // An administrator sees private ones only when asking for them.
  const wanted = query.is_public
  if (project === null && wanted?.toLowerCase() !== 'none')
    rows = rows.where('is_public', '=', wanted === undefined ? true : isTrue(wanted))
  if (query.minDisk !== undefined) rows = rows.where('disk', '>=', atLeast(query.minDisk, 'minDisk'))
  if (query.minRam !== undefined) rows = rows.where('ram', '>=', atLeast(query.minRam, 'minRam'))
  return listRows<FlavorRow>(rows, shape, listRequest(context.rawQuery))
}

const nextLink = (context: BaseContext, path: string, next: string | null) =>
  next === null ? {} : { flavors_links: [{ rel: 'next', href: `${context.href(path)}?${nextQuery(context.rawQuery, next)}` }] }

const common = { method: 'GET', query: ListFlavors } as const
const index = rule('os_compute_api:flavors', anyone, 'List and show flavors.')

const list = operation({
  ...common,
  id: 'flavors.list',
  path: '/flavors',
  summary: 'List flavors',
  catalog: ['compute-v2.1.flavors-with-extended-attributes.list-flavors'],
  policy: index,
  async handle(context) {
    const { rows, next } = await page(context)
    return { flavors: rows.map(flavorView(context).brief), ...nextLink(context, '/flavors', next) }
  },
})

const detail = operation({
  ...common,
  id: 'flavors.detail',
  path: '/flavors/detail',
  summary: 'List flavors with details',
  catalog: ['compute-v2.1.flavors-with-extended-attributes.list-flavors-with-details'],
  policy: index,
  async handle(context) {
    const { rows, next } = await page(context)
    return { flavors: rows.map(flavorView(context).detail), ...nextLink(context, '/flavors/detail', next) }
  },
})

const show = operation({
  id: 'flavors.show',
  method: 'GET',
  path: '/flavors/{flavor_id}',
  summary: 'Show flavor details',
  catalog: ['compute-v2.1.flavors-with-extended-attributes.show-flavor-details'],
  policy: index,
  on: flavors,
  handle: async (context) => ({ flavor: flavorView(context).detail(context.flavor) }),
})

export const readFlavors: Operation[] = [
  list,
  detail,
  show,
  // The reference prints these with the extension's name in the path.
  alsoAt(detail, '/flavors/os-flavor-access/detail', 'compute-v2.1.flavors-access.list-flavors-with-details-and-access-list'),
  alsoAt(show, '/flavors/os-flavor-access/{flavor_id}', 'compute-v2.1.flavors-access.show-flavor-details-with-access-list'),
]
