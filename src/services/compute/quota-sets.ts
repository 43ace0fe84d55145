// Quota sets (reference 3.44). Clients name the project in the path; the reference prints some paths without it.
import { Type } from 'typebox'
import { badRequest, notBuilt } from '../../api/faults.ts'
import { type BaseContext, operation } from '../../api/operation.ts'
import { Closed, LooseBoolean, LooseInteger } from '../../api/types.ts'
import { rule } from '../../auth/policy.ts'
import { findProject } from '../../auth/store.ts'
import { ownProject } from './asker.ts'
import { alsoAt } from './paths.ts'
import { quotas } from './quotas.ts'
import { admin } from './rules.ts'

const resources = Object.keys(quotas).map((name) => name.slice('compute.'.length))
const Limit = LooseInteger(-1)
const UpdateQuota = Closed({
  quota_set: Type.Unsafe<Record<string, number> & { force?: boolean; tenant_id?: string }>({
    type: 'object',
    properties: { ...Object.fromEntries(resources.map((name) => [name, Limit])), force: LooseBoolean, tenant_id: { type: 'string' } },
    additionalProperties: false,
  }),
})
const ByUser = Type.Object({ user_id: Type.Optional(Type.String({ maxLength: 64 })) })

const projectOf = (context: BaseContext & { params: { id?: string } }): string => context.params.id ?? ownProject(context)
const target = (context: BaseContext & { params: { id?: string } }) => ({ project_id: projectOf(context) })
const base = '/os-quota-sets/{id}'
const reader = '(rule:project_reader_api) or role:admin'

async function limits({ cloud, db }: BaseContext, project: string): Promise<Record<string, number>> {
  const all = await cloud.quota.show(db, project, 'compute.')
  return Object.fromEntries(Object.entries(all).map(([name, { limit }]) => [name, limit]))
}

const show = operation({
  id: 'quota-sets.show',
  method: 'GET',
  path: base,
  summary: 'Show the quota of a project',
  catalog: [],
  policy: rule('os_compute_api:os-quota-sets:show', reader, 'Show the quota of a project.'),
  policyTarget: target,
  query: ByUser,
  handle: async (context) => ({ quota_set: { id: projectOf(context), ...(await limits(context, projectOf(context))) } }),
})

const defaults = operation({
  id: 'quota-sets.defaults',
  method: 'GET',
  path: `${base}/defaults`,
  summary: 'Show the default quota',
  catalog: [],
  policy: rule('os_compute_api:os-quota-sets:defaults', '@', 'Show the default quota.'),
  async handle(context) {
    const own = Object.fromEntries(Object.entries(quotas).map(([name, limit]) => [name.slice('compute.'.length), limit]))
    return { quota_set: { id: projectOf(context), ...own } }
  },
})

const detail = operation({
  id: 'quota-sets.detail',
  method: 'GET',
  path: `${base}/detail`,
  summary: 'Show the quota of a project and what is used',
  catalog: [],
  policy: rule('os_compute_api:os-quota-sets:detail', reader, 'Show the quota of a project and what is used.'),
  policyTarget: target,
  query: ByUser,
  async handle(context) {
    const project = projectOf(context)
    const all = await context.cloud.quota.show(context.db, project, 'compute.')
    return { quota_set: { id: project, ...Object.fromEntries(Object.entries(all).map(([name, q]) => [name, { ...q, reserved: 0 }])) } }
  },
})

const update = operation({
  id: 'quota-sets.update',
  method: 'PUT',
  path: base,
  summary: 'Change the quota of a project',
  catalog: [],
  policy: rule('os_compute_api:os-quota-sets:update', admin, 'Change the quota of a project.'),
  query: ByUser,
  body: UpdateQuota,
  async handle(context) {
    const { body, cloud, tx, query } = context
    if (query.user_id !== undefined) throw notBuilt('A quota of one user within a project')
    const project = projectOf(context)
    if (!(await findProject(tx.db, project))) throw badRequest(`Project ID ${project.slice(0, 64)} is not a valid project.`)
    const { force, tenant_id: _same, ...given } = body.quota_set
    const used = await cloud.quota.show(tx.db, project, 'compute.')
    for (const [name, limit] of Object.entries(given)) {
      if (limit >= 0 && limit < used[name]!.in_use && !force) {
        throw badRequest(
          `Quota limit ${limit} for ${name} must be greater than or equal to already used and reserved ${used[name]!.in_use}.`,
        )
      }
    }
    await cloud.quota.setLimits(tx, project, Object.fromEntries(Object.entries(given).map(([name, value]) => [`compute.${name}`, value])))
    return { quota_set: await limits(context, project) }
  },
})

const remove = operation({
  id: 'quota-sets.delete',
  method: 'DELETE',
  path: base,
  summary: 'Give a project the default quota',
  catalog: [],
  status: 202,
  policy: rule('os_compute_api:os-quota-sets:delete', admin, 'Give a project the default quota.'),
  query: ByUser,
  async handle(context) {
    if (context.query.user_id !== undefined) throw notBuilt('A quota of one user within a project')
    await context.cloud.quota.clearLimits(context.tx, projectOf(context), 'compute.')
  },
})

const id = (name: string) => `compute-v2.1.quota-sets.${name}`
export const quotaSetOperations = [
  show,
  defaults,
  detail,
  update,
  remove,
  alsoAt(defaults, '/os-quota-sets/defaults', id('show-default-quotas')),
  alsoAt(detail, '/os-quota-sets/detail', id('show-quotas-detailed')),
  alsoAt(update, '/os-quota-sets', id('update-quota'), id('force-update-quota')),
  { ...alsoAt(remove, '/os-quota-sets', id('delete-quota-for-tenant')), status: 204 },
]
