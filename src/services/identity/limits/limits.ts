// Limits of projects and domains, as today's clients have them: each in place of the registered limit of its resource.
import { type Static, Type } from 'typebox'
import { badRequest, forbidden } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Closed, Name, Nullable, Text } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { findProject } from '../../../auth/store.ts'
import type { LimitRow, Project } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { Id, missing, SelfLink } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { ensureFits, models } from './model.ts'
import { Amount, ensurePlace, Region } from './registered.ts'
import {
  deleteLimit,
  findLimit,
  holdRegisteredLimit,
  insertLimit,
  type Limit,
  limitQuery,
  registeredLimitOf,
  updateLimit,
} from './store.ts'

const description = Type.Optional(Nullable(Text))
const New = Closed({
  service_id: Id,
  region_id: Region,
  resource_name: Name,
  resource_limit: Amount,
  project_id: Type.Optional(Nullable(Id)),
  domain_id: Type.Optional(Nullable(Id)),
  description,
})
const Create = Closed({ limits: Type.Array(New, { minItems: 1, maxItems: 1000 }) })
const Update = Closed({ limit: Closed({ resource_limit: Type.Optional(Amount), description }) })

/** With the row of its project or domain, which rules ask for. */
type Found = Limit & { owner: Project | undefined }

const limit = resource<'limit', Found>({
  name: 'limit',
  param: 'limit_id',
  async load(id, { db }) {
    const row = await findLimit(db, id)
    return row && { ...row, owner: await findProject(db, row.project_id || row.domain_id) }
  },
  target: ({ owner, ...row }) => ({
    target: {
      limit: {
        project_id: row.project_id || null,
        ...(row.project_id ? { project: { domain_id: owner?.domain_id } } : { domain: { id: owner?.id } }),
      },
    },
  }),
  missing: missing('limit'),
  hidden: true,
})

const seers =
  `(${adminOrSystemReader}) or (domain_id:%(target.limit.domain.id)s or domain_id:%(target.limit.project.domain_id)s)` +
  ' or (project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)'
const rules = {
  model: rule('identity:get_limit_model', '', 'Show how limits of domains and projects go together.'),
  get: rule('identity:get_limit', seers, 'Show a limit.'),
  list: rule('identity:list_limits', '', 'List limits; who is no administrator sees those of the scope of the token.'),
  create: cloudRule('identity:create_limits', adminRequired, 'Create limits.'),
  update: cloudRule('identity:update_limit', adminRequired, 'Change a limit.'),
  delete: cloudRule('identity:delete_limit', adminRequired, 'Delete a limit.'),
}

const Shown = Type.Object({
  id: Type.String(),
  service_id: Type.String(),
  region_id: Nullable(Type.String()),
  resource_name: Type.String(),
  resource_limit: Type.Integer(),
  /** One of the two is null. */
  project_id: Nullable(Type.String()),
  domain_id: Nullable(Type.String()),
  description: Nullable(Type.String()),
  links: SelfLink,
})
const Model = Type.Object({ name: Type.Unsafe<keyof typeof models>({ enum: Object.keys(models) }), description: Type.String() })
const limitList = collection({
  many: 'limits',
  filters: {
    service_id: 'service_id',
    region_id: 'region_id',
    resource_name: 'resource_name',
    project_id: 'project_id',
    domain_id: 'domain_id',
  },
  sortKeys: ['resource_name'],
  defaultSort: ['resource_name'],
})

const view = (row: Limit, { href }: { href(path: string): string }): Static<typeof Shown> => ({
  id: row.id,
  service_id: row.service_id,
  region_id: row.region_id || null,
  resource_name: row.resource_name,
  resource_limit: row.resource_limit,
  project_id: row.project_id || null,
  domain_id: row.domain_id || null,
  description: row.description,
  links: { self: href(`/limits/${row.id}`) },
})

/** What the bearer may see: everything, or the limits of the token's project, or of its domain and the projects there. */
function visible({ who, db, allows }: BaseContext) {
  const query = limitQuery(db)
  if (who.system || allows('service_or_admin')) return query
  if (who.project) return query.where('project_id', '=', who.project.id)
  const domainId = who.domain?.id ?? '-'
  return query.where((eb) =>
    eb.or([
      eb('domain_id', '=', domainId),
      eb('project_id', 'in', (from) => from.selectFrom('identity_projects').select('id').where('domain_id', '=', domainId)),
    ]),
  )
}

/** Whose it is to be, as the row has it: a project that acts as a domain is one. Throws 400. */
async function ownerOf(db: Db, projectId: string | null, domainId: string | null): Promise<Pick<LimitRow, 'project_id' | 'domain_id'>> {
  if (!projectId === !domainId) throw badRequest('A limit is either of a project (project_id) or of a domain (domain_id).')
  const row = await findProject(db, (projectId ?? domainId)!)
  if (!row || (domainId && !row.is_domain)) throw badRequest(`There is no ${projectId ? 'project' : 'domain'} ${projectId ?? domainId}.`)
  return row.is_domain ? { project_id: '', domain_id: row.id } : { project_id: row.id, domain_id: '' }
}

const noReference = () => forbidden('Unable to create a limit that has no corresponding registered limit.')
const common = { majors: ['v3'], catalog: [] as string[] } as const
const one = { ...common, path: '/limits/{limit_id}', on: limit } as const

export const limits = [
  operation({
    ...common,
    id: 'limits.model',
    method: 'GET',
    path: '/limits/model',
    summary: 'Show how limits of domains and projects go together',
    policy: rules.model,
    answer: Type.Object({ model: Model }),
    handle: async ({ cloud }) => ({ model: models[cloud.config.limitModel] }),
  }),
  operation({
    ...common,
    id: 'limits.list',
    method: 'GET',
    path: '/limits',
    summary: 'List limits',
    policy: rules.list,
    query: limitList.query,
    answer: limitList.answer(Shown),
    handle: async (context) => listed<Limit>(context, limitList, visible(context), (rows) => rows.map((row) => view(row, context))),
  }),
  operation({
    ...common,
    id: 'limits.create',
    method: 'POST',
    path: '/limits',
    summary: 'Create limits of projects and domains',
    body: Create,
    status: 201,
    policy: rules.create,
    answer: Type.Object({ limits: Type.Array(Shown) }),
    async handle(context) {
      const { cloud, tx, body, now } = context
      const made: Limit[] = []
      const wanted = []
      // Always in the same order: two requests never wait for each other.
      const keys = body.limits.map(({ service_id, region_id, resource_name }) => ({
        service_id,
        region_id: region_id ?? '',
        resource_name,
      }))
      keys.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      for (const key of keys) await holdRegisteredLimit(tx.db, key)
      for (const { service_id, region_id, resource_name, resource_limit, project_id, domain_id, description } of body.limits) {
        await ensurePlace(tx.db, service_id, region_id)
        const registered = await registeredLimitOf(tx.db, { service_id, region_id: region_id ?? '', resource_name })
        if (!registered) throw noReference()
        const owner = await ownerOf(tx.db, project_id ?? null, domain_id ?? null)
        wanted.push({ registered, resource_limit, description: description ?? null, ...owner })
      }
      for (const { registered, ...row } of wanted) {
        if (cloud.config.limitModel === 'strict_two_level')
          await ensureFits(
            tx.db,
            registered,
            row,
            wanted.filter((other) => other.registered.id === registered.id),
          )
      }
      for (const { registered, ...row } of wanted) {
        const limit: LimitRow = { id: cloud.environment.hexId(), registered_limit_id: registered.id, ...row, created_at: now }
        await insertLimit(tx.db, limit)
        const { service_id, region_id, resource_name } = registered
        made.push({ ...limit, service_id, region_id, resource_name })
      }
      return { limits: made.map((row) => view(row, context)) }
    },
  }),
  operation({
    ...one,
    id: 'limits.show',
    method: 'GET',
    summary: 'Show a limit',
    policy: rules.get,
    answer: Type.Object({ limit: Shown }),
    handle: async (context) => ({ limit: view(context.limit, context) }),
  }),
  operation({
    ...one,
    id: 'limits.update',
    method: 'PATCH',
    summary: 'Change a limit',
    body: Update,
    policy: rules.update,
    answer: Type.Object({ limit: Shown }),
    async handle(context) {
      const { cloud, tx, limit, body } = context
      const registered = await holdRegisteredLimit(tx.db, limit)
      const row = { ...limit, ...body.limit }
      if (registered && cloud.config.limitModel === 'strict_two_level') await ensureFits(tx.db, registered, row, [])
      const { resource_limit, description } = row
      await updateLimit(tx.db, limit.id, { resource_limit, description: description ?? null })
      return { limit: view((await findLimit(tx.db, limit.id))!, context) }
    },
  }),
  operation({
    ...one,
    id: 'limits.delete',
    method: 'DELETE',
    summary: 'Delete a limit',
    status: 204,
    policy: rules.delete,
    handle: async ({ tx, limit }) => void (await deleteLimit(tx.db, limit.id)),
  }),
]
