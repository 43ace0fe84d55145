// Quotas (reference 14.2): limits of a project, -1 is none. Usage is counted where things are made and removed.
import { type TSchema, Type } from 'typebox'
import { notFound } from '../../api/faults.ts'
import { type BaseContext, operation } from '../../api/operation.ts'
import { Closed, LooseInteger, Nullable } from '../../api/types.ts'
import { rule } from '../../auth/policy.ts'
import { adminOnly } from './rules.ts'
import { ownedBy } from './wire/actor.ts'

export const quotaDefaults = {
  'network.network': 100,
  'network.subnet': 100,
  'network.port': 500,
  'network.router': 10,
  'network.floatingip': 50,
  'network.security_group': 10,
  'network.security_group_rule': 100,
}
const names = Object.keys(quotaDefaults).map((name) => name.slice('network.'.length))
const prefix = 'network.'

const Limit = LooseInteger(-1)
const QuotaBody = Closed({ quota: Closed(Object.fromEntries(names.map((name) => [name, Type.Optional(Limit)])) as Record<string, never>) })

const each = <S extends TSchema>(schema: S) => Type.Object(Object.fromEntries(names.map((name) => [name, schema])))
/** Limits of a project (reference 14.2); -1 is none. */
const Quota = each(Type.Integer())
const QuotaDetails = each(Type.Object({ limit: Type.Integer(), used: Type.Integer(), reserved: Type.Integer() }))
const ProjectQuota = Type.Object({ ...Quota.properties, tenant_id: Type.String(), project_id: Type.String() })

const see = rule('get_quota', `${adminOnly} or project_id:%(project_id)s`, 'Show the quotas of a project.')
const catalog = (name: string) => [`network-v2.0-ext.quotas-extension.${name}`]
const target = ({ params }: { params: { project_id: string } }) => ownedBy(params.project_id)

async function limitsOf(context: BaseContext, projectId: string): Promise<Record<string, number>> {
  const shown = await context.cloud.quota.show(context.db, projectId, prefix)
  return Object.fromEntries(Object.entries(shown).map(([name, { limit }]) => [name, limit]))
}

const showDefault = operation({
  id: 'quotas.default',
  method: 'GET',
  path: '/quotas/{project_id}/default',
  summary: 'Show the default quotas',
  catalog: [],
  policy: rule('get_quota_default', `${adminOnly} or project_id:%(project_id)s`, 'Show the default quotas.'),
  policyTarget: target,
  answer: Type.Object({ quota: Quota }),
  handle: async ({ cloud }) => ({ quota: Object.fromEntries(names.map((name) => [name, cloud.quota.defaults[prefix + name]])) }),
})

const showDetails = operation({
  id: 'quotas.details',
  method: 'GET',
  path: '/quotas/{project_id}/details.json',
  summary: 'Show quotas with usage',
  catalog: [],
  policy: see,
  policyTarget: target,
  answer: Type.Object({ quota: QuotaDetails }),
  async handle({ cloud, db, params }) {
    const shown = await cloud.quota.show(db, params.project_id, prefix)
    const quota = Object.fromEntries(Object.entries(shown).map(([name, { limit, in_use }]) => [name, { limit, used: in_use, reserved: 0 }]))
    return { quota }
  },
})

const showTenant = operation({
  id: 'quotas.tenant',
  method: 'GET',
  path: '/quotas/tenant',
  summary: 'Show which project the token is for',
  catalog: [],
  policy: see,
  answer: Type.Object({ tenant: Type.Object({ tenant_id: Nullable(Type.String()) }) }),
  handle: async ({ who }) => ({ tenant: { tenant_id: who.project?.id ?? null } }),
})

const listQuotas = operation({
  id: 'quotas.list',
  method: 'GET',
  path: '/quotas',
  summary: 'List quotas of projects that have their own',
  catalog: catalog('list-quotas'),
  policy: rule('list_quotas', adminOnly, 'List quotas.'),
  answer: Type.Object({ quotas: Type.Array(ProjectQuota) }),
  async handle(context) {
    const quotas: object[] = []
    for (const projectId of await context.cloud.quota.projects(context.db, prefix)) {
      quotas.push({ ...(await limitsOf(context, projectId)), tenant_id: projectId, project_id: projectId })
    }
    return { quotas }
  },
})

const showQuota = operation({
  id: 'quotas.show',
  method: 'GET',
  path: '/quotas/{project_id}',
  summary: 'Show the quotas of a project',
  catalog: catalog('show-quota'),
  policy: see,
  policyTarget: target,
  answer: Type.Object({ quota: Quota }),
  handle: async (context) => ({ quota: await limitsOf(context, context.params.project_id) }),
})

const updateQuota = operation({
  id: 'quotas.update',
  method: 'PUT',
  path: '/quotas/{project_id}',
  summary: 'Set the quotas of a project',
  catalog: catalog('update-quota'),
  body: QuotaBody,
  answer: Type.Object({ quota: Quota }),
  policy: rule('update_quota', adminOnly, 'Set the quotas of a project.'),
  policyTarget: target,
  async handle(context) {
    const given = context.body.quota as unknown as Record<string, number>
    const limits = Object.fromEntries(Object.entries(given).map(([name, value]) => [prefix + name, value]))
    await context.cloud.quota.setLimits(context.tx, context.params.project_id, limits)
    return { quota: await limitsOf(context, context.params.project_id) }
  },
})

const resetQuota = operation({
  id: 'quotas.reset',
  method: 'DELETE',
  path: '/quotas/{project_id}',
  summary: 'Reset the quotas of a project',
  catalog: catalog('reset-quota'),
  status: 204,
  policy: rule('delete_quota', adminOnly, 'Reset the quotas of a project.'),
  policyTarget: target,
  async handle({ cloud, tx, params }) {
    const own = await cloud.quota.projects(tx.db, prefix)
    if (!own.includes(params.project_id))
      throw notFound(`Quota for tenant ${params.project_id.slice(0, 100)} could not be found.`, 'TenantQuotaNotFound')
    await cloud.quota.clearLimits(tx, params.project_id, prefix)
  },
})

export const quotaOperations = [showTenant, listQuotas, showQuota, showDefault, showDetails, updateQuota, resetQuota]
