// Registered limits, as today's clients have them: what holds for every project that has no limit of its own.
import { type Static, Type } from 'typebox'
import { badRequest, forbidden } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Closed, Name, Nullable, Text } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { RegisteredLimitRow } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { Id, missing, SelfLink } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { adminRequired, cloudRule } from '../rules.ts'
import { findRegion, findService } from '../service-catalog/store.ts'
import {
  deleteRegisteredLimit,
  findRegisteredLimit,
  holdRegisteredLimit,
  insertRegisteredLimit,
  isLimited,
  registeredLimitQuery,
  updateRegisteredLimit,
} from './store.ts'

/** -1 is without limit. */
export const Amount = Type.Integer({ minimum: -1, maximum: 0x7fffffff })
export const Region = Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 255 })))
const attributes = {
  service_id: Id,
  region_id: Region,
  resource_name: Name,
  default_limit: Amount,
  description: Type.Optional(Nullable(Text)),
}
const Create = Closed({ registered_limits: Type.Array(Closed(attributes), { minItems: 1, maxItems: 1000 }) })
const Update = Closed({ registered_limit: Type.Partial(Closed(attributes)) })

const registeredLimit = resource<'registeredLimit', RegisteredLimitRow>({
  name: 'registeredLimit',
  param: 'registered_limit_id',
  load: (id, { db }) => findRegisteredLimit(db, id),
  target: () => ({}),
  missing: missing('registered limit'),
})

const rules = {
  get: rule('identity:get_registered_limit', '', 'Show a registered limit.'),
  list: rule('identity:list_registered_limits', '', 'List registered limits.'),
  create: cloudRule('identity:create_registered_limits', adminRequired, 'Create registered limits.'),
  update: cloudRule('identity:update_registered_limit', adminRequired, 'Change a registered limit.'),
  delete: cloudRule('identity:delete_registered_limit', adminRequired, 'Delete a registered limit.'),
}

const Shown = Type.Object({
  id: Type.String(),
  service_id: Type.String(),
  region_id: Nullable(Type.String()),
  resource_name: Type.String(),
  default_limit: Type.Integer(),
  description: Nullable(Type.String()),
  links: SelfLink,
})
const registeredList = collection({
  many: 'registered_limits',
  filters: { service_id: 'service_id', region_id: 'region_id', resource_name: 'resource_name' },
  sortKeys: ['resource_name'],
  defaultSort: ['resource_name'],
})

const view = (row: RegisteredLimitRow, { href }: { href(path: string): string }): Static<typeof Shown> => ({
  id: row.id,
  service_id: row.service_id,
  region_id: row.region_id || null,
  resource_name: row.resource_name,
  default_limit: row.default_limit,
  description: row.description,
  links: { self: href(`/registered_limits/${row.id}`) },
})

/** Throws 400 for a service or a region that is not there. */
export async function ensurePlace(db: Db, serviceId: string | undefined, regionId: string | null | undefined): Promise<void> {
  if (serviceId !== undefined && !(await findService(db, serviceId))) throw badRequest(`There is no service ${serviceId}.`)
  if (regionId && !(await findRegion(db, regionId))) throw badRequest(`There is no region ${regionId}.`)
}

/** Throws 403 while limits go by it. */
async function ensureFree(db: Db, row: RegisteredLimitRow): Promise<void> {
  await holdRegisteredLimit(db, row)
  if (await isLimited(db, row.id))
    throw forbidden(`Unable to update or delete registered limit ${row.id} because there are project limits associated with it.`)
}

const common = { majors: ['v3'], catalog: [] as string[] } as const
const one = { ...common, path: '/registered_limits/{registered_limit_id}', on: registeredLimit } as const

export const registeredLimits = [
  operation({
    ...common,
    id: 'registered-limits.list',
    method: 'GET',
    path: '/registered_limits',
    summary: 'List registered limits',
    policy: rules.list,
    query: registeredList.query,
    answer: registeredList.answer(Shown),
    handle: async (context) =>
      listed<RegisteredLimitRow>(context, registeredList, registeredLimitQuery(context.db), (rows) =>
        rows.map((row) => view(row, context)),
      ),
  }),
  operation({
    ...common,
    id: 'registered-limits.create',
    method: 'POST',
    path: '/registered_limits',
    summary: 'Create registered limits',
    body: Create,
    status: 201,
    policy: rules.create,
    answer: Type.Object({ registered_limits: Type.Array(Shown) }),
    async handle(context) {
      const { cloud, tx, body, now } = context
      const made: RegisteredLimitRow[] = []
      for (const { service_id, region_id, resource_name, default_limit, description } of body.registered_limits) {
        await ensurePlace(tx.db, service_id, region_id)
        const row: RegisteredLimitRow = {
          id: cloud.environment.hexId(),
          service_id,
          region_id: region_id ?? '',
          resource_name,
          default_limit,
          description: description ?? null,
          created_at: now,
        }
        await insertRegisteredLimit(tx.db, row)
        made.push(row)
      }
      return { registered_limits: made.map((row) => view(row, context)) }
    },
  }),
  operation({
    ...one,
    id: 'registered-limits.show',
    method: 'GET',
    summary: 'Show a registered limit',
    policy: rules.get,
    answer: Type.Object({ registered_limit: Shown }),
    handle: async (context) => ({ registered_limit: view(context.registeredLimit, context) }),
  }),
  operation({
    ...one,
    id: 'registered-limits.update',
    method: 'PATCH',
    summary: 'Change a registered limit that no limit goes by',
    body: Update,
    policy: rules.update,
    answer: Type.Object({ registered_limit: Shown }),
    async handle(context) {
      const { tx, registeredLimit } = context
      const { region_id, ...changes } = context.body.registered_limit
      await ensurePlace(tx.db, changes.service_id, region_id)
      await ensureFree(tx.db, registeredLimit)
      const row = await updateRegisteredLimit(tx.db, registeredLimit.id, {
        ...changes,
        ...(region_id === undefined ? {} : { region_id: region_id ?? '' }),
      })
      return { registered_limit: view(row, context) }
    },
  }),
  operation({
    ...one,
    id: 'registered-limits.delete',
    method: 'DELETE',
    summary: 'Delete a registered limit that no limit goes by',
    status: 204,
    policy: rules.delete,
    async handle({ tx, registeredLimit }) {
      await ensureFree(tx.db, registeredLimit)
      await deleteRegisteredLimit(tx.db, registeredLimit.id)
    },
  }),
]
