// Regions (reference 6.12): a tree of places that endpoints are in.
import { type Static, Type } from 'typebox'
import { badRequest, conflict, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { RegionRow } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { Description, Extended, ensureSameId, extraOf, mergeExtra, missing } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { adminRequired, cloudRule } from '../rules.ts'
import { deleteRegion, findRegion, hasChildRegions, hasEndpoints, insertRegion, regionQuery, updateRegion } from './store.ts'

const RegionId = Type.String({ maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const attributes = { description: Type.Optional(Description), parent_region_id: Type.Optional(Type.Union([RegionId, Type.Null()])) }
const Create = Type.Object({ region: Type.Object({ id: Type.Optional(RegionId), ...attributes }) })
const Update = Type.Object({ region: Type.Object({ id: Type.Optional(RegionId), ...attributes }, { minProperties: 1 }) })
const known = ['id', ...Object.keys(attributes)]

const region = resource({
  name: 'region',
  param: 'region_id',
  load: (id, { db }) => findRegion(db, id),
  target: () => ({}),
  missing: missing('region'),
  hidden: true,
})

const rules = {
  get: rule('identity:get_region', '', 'Show region details.'),
  list: rule('identity:list_regions', '', 'List regions.'),
  create: cloudRule('identity:create_region', adminRequired, 'Create a region.'),
  update: cloudRule('identity:update_region', adminRequired, 'Update a region.'),
  delete: cloudRule('identity:delete_region', adminRequired, 'Delete a region.'),
}

/** A region as it is shown (reference 6.12). */
const Region = Extended({
  id: Type.String(),
  description: Type.String(),
  parent_region_id: Nullable(Type.String()),
  links: Type.Object({ self: Type.String(), child_regions: Type.String() }),
})
const regionList = collection({
  many: 'regions',
  filters: { parent_region_id: 'parent_region_id' },
  sortKeys: [],
  defaultSort: ['id'],
})

const view = (row: RegionRow, { href }: { href(path: string): string }): Static<typeof Region> => ({
  ...row.extra,
  id: row.id,
  description: row.description,
  parent_region_id: row.parent_region_id,
  links: {
    self: href(`/regions/${encodeURIComponent(row.id)}`),
    child_regions: `${href('/regions')}?parent_region_id=${encodeURIComponent(row.id)}`,
  },
})

/** Throws 404 for a parent that is not there and 409 when the region would stand below itself. */
async function ensureParent(db: Db, id: string | undefined, parentId: string | null | undefined): Promise<void> {
  for (let next = parentId; next; ) {
    if (next === id) throw conflict(`A circular reference of regions was found at ${id}.`)
    const parent: RegionRow | undefined = await findRegion(db, next)
    if (!parent) throw notFound(missing('region')(next))
    next = parent.parent_region_id
  }
}

async function add(
  { tx, now, cloud }: BaseContext,
  body: { id?: string; description?: string | null; parent_region_id?: string | null },
): Promise<RegionRow> {
  const id = body.id || cloud.environment.hexId()
  await ensureParent(tx.db, id, body.parent_region_id)
  const row: RegionRow = {
    id,
    description: body.description ?? '',
    parent_region_id: body.parent_region_id ?? null,
    extra: extraOf(body, known),
    created_at: now,
  }
  await insertRegion(tx.db, row)
  return row
}

export const regions = [
  operation({
    id: 'regions.list',
    method: 'GET',
    path: '/regions',
    majors: ['v3'],
    summary: 'List regions',
    catalog: ['identity-v3.regions.list-regions'],
    policy: rules.list,
    query: regionList.query,
    answer: regionList.answer(Region),
    handle: async (context) => listed(context, regionList, regionQuery(context.db), (rows) => rows.map((row) => view(row, context))),
  }),
  operation({
    id: 'regions.show',
    method: 'GET',
    path: '/regions/{region_id}',
    majors: ['v3'],
    summary: 'Show region details',
    catalog: ['identity-v3.regions.show-region-details'],
    on: region,
    policy: rules.get,
    answer: Type.Object({ region: Region }),
    handle: async (context) => ({ region: view(context.region, context) }),
  }),
  operation({
    id: 'regions.create',
    method: 'POST',
    path: '/regions',
    majors: ['v3'],
    summary: 'Create a region',
    catalog: ['identity-v3.regions.create-region'],
    body: Create,
    status: 201,
    policy: rules.create,
    answer: Type.Object({ region: Region }),
    handle: async (context) => ({ region: view(await add(context, context.body.region), context) }),
  }),
  operation({
    id: 'regions.create-with-id',
    method: 'PUT',
    path: '/regions/{region_id}',
    majors: ['v3'],
    summary: 'Create region with user-defined ID',
    catalog: ['identity-v3.regions.create-region-with-user-defined-id'],
    body: Create,
    status: 201,
    policy: rules.create,
    answer: Type.Object({ region: Region }),
    async handle(context) {
      const { body, params } = context
      if (params.region_id.length > 255) throw badRequest('The ID of a region has at most 255 characters.')
      if (body.region.id !== undefined && body.region.id !== params.region_id) throw badRequest('Conflicting region IDs in path and body.')
      return { region: view(await add(context, { ...body.region, id: params.region_id }), context) }
    },
  }),
  operation({
    id: 'regions.update',
    method: 'PATCH',
    path: '/regions/{region_id}',
    majors: ['v3'],
    summary: 'Update a region',
    catalog: ['identity-v3.regions.update-region'],
    body: Update,
    on: region,
    policy: rules.update,
    answer: Type.Object({ region: Region }),
    async handle(context) {
      const { tx, region, body } = context
      ensureSameId(region.id, body.region)
      const { description, parent_region_id } = body.region
      await ensureParent(tx.db, region.id, parent_region_id)
      const row = await updateRegion(tx.db, region.id, {
        ...(description === undefined ? {} : { description: description ?? '' }),
        ...(parent_region_id === undefined ? {} : { parent_region_id }),
        extra: mergeExtra(region.extra, body.region, known),
      })
      return { region: view(row, context) }
    },
  }),
  operation({
    id: 'regions.delete',
    method: 'DELETE',
    path: '/regions/{region_id}',
    majors: ['v3'],
    summary: 'Delete a region',
    catalog: ['identity-v3.regions.delete-region'],
    status: 204,
    on: region,
    policy: rules.delete,
    async handle({ tx, region }) {
      if (await hasChildRegions(tx.db, region.id))
        throw conflict(`Unable to delete region ${region.id} because it or its child regions have associated endpoints.`)
      if (await hasEndpoints(tx.db, region.id))
        throw conflict(`Unable to delete region ${region.id} because it or its child regions have associated endpoints.`)
      await deleteRegion(tx.db, region.id)
    },
  }),
]
