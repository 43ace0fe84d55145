// Quota sets (reference 3.44). Clients name the project in the path; the reference prints some paths without it.
import { type TSchema, Type } from 'typebox'
import { badRequest, notBuilt } from '../../api/faults.ts'
import { type BaseContext, operation } from '../../api/operation.ts'
import { Closed, LooseBoolean, LooseInteger } from '../../api/types.ts'
import { until } from '../../api/versions.ts'
import { rule } from '../../auth/policy.ts'
import { findProject } from '../../auth/store.ts'
import { ownProject } from './asker.ts'
import { quotas } from './quotas.ts'
import { admin } from './rules.ts'

const documented = (name: string) => `compute-v2.1.quota-sets.${name}`

const resources = Object.keys(quotas).map((name) => name.slice('compute.'.length))
const Limit = LooseInteger(-1)
/** A field for each resource; those of what the network service and user data took over end in a version. */
const each = <S extends TSchema>(schema: S) =>
  Object.fromEntries(
    resources.map((name) => {
      if (/^(fixed_ips|floating_ips|security_group.*)$/.test(name)) return [name, until('2.35', schema)]
      return [name, name.startsWith('injected_') ? until('2.56', schema) : schema]
    }),
  )
const UpdateQuota = Closed({
  quota_set: Type.Unsafe<Record<string, number> & { force?: boolean; tenant_id?: string }>({
    type: 'object',
    properties: { ...each(Limit), force: LooseBoolean, tenant_id: { type: 'string' } },
    additionalProperties: false,
  }),
})
/** Limits of a project; -1 is none. */
const Limits = Type.Object(each(Type.Integer()))
const QuotaSet = Type.Object({ id: Type.String(), ...Limits.properties })
const QuotaSetDetail = Type.Object({
  id: Type.String(),
  ...each(Type.Object({ limit: Type.Integer(), in_use: Type.Integer(), reserved: Type.Integer() })),
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
  answer: Type.Object({ quota_set: QuotaSet }),
  handle: async (context) => ({ quota_set: { id: projectOf(context), ...(await limits(context, projectOf(context))) } }),
})

const defaults = operation({
  id: 'quota-sets.defaults',
  method: 'GET',
  path: `${base}/defaults`,
  summary: 'Show the default quota',
  catalog: [],
  also: [{ path: '/os-quota-sets/defaults', catalog: [documented('show-default-quotas')] }],
  policy: rule('os_compute_api:os-quota-sets:defaults', '@', 'Show the default quota.'),
  answer: Type.Object({ quota_set: QuotaSet }),
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
  also: [{ path: '/os-quota-sets/detail', catalog: [documented('show-quotas-detailed')] }],
  policy: rule('os_compute_api:os-quota-sets:detail', reader, 'Show the quota of a project and what is used.'),
  policyTarget: target,
  query: ByUser,
  answer: Type.Object({ quota_set: QuotaSetDetail }),
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
  also: [{ path: '/os-quota-sets', catalog: [documented('update-quota'), documented('force-update-quota')] }],
  policy: rule('os_compute_api:os-quota-sets:update', admin, 'Change the quota of a project.'),
  query: ByUser,
  body: UpdateQuota,
  answer: Type.Object({ quota_set: Limits }),
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
  also: [{ path: '/os-quota-sets', catalog: [documented('delete-quota-for-tenant')], status: 204 }],
  status: 202,
  policy: rule('os_compute_api:os-quota-sets:delete', admin, 'Give a project the default quota.'),
  query: ByUser,
  async handle(context) {
    if (context.query.user_id !== undefined) throw notBuilt('A quota of one user within a project')
    await context.cloud.quota.clearLimits(context.tx, projectOf(context), 'compute.')
  },
})

export const quotaSetOperations = [show, defaults, detail, update, remove]
