// Limits (reference 3.17): what a project may have, and has. There are no rate limits.
import { Type } from 'typebox'
import { forbidden } from '../../api/faults.ts'
import { operation } from '../../api/operation.ts'
import { until } from '../../api/versions.ts'
import { rule } from '../../auth/policy.ts'
import { admin, anyone } from './rules.ts'

/** The answer's name of each limit and of the usage beside it. */
const names: [resource: string, max: string, used?: string][] = [
  ['instances', 'maxTotalInstances', 'totalInstancesUsed'],
  ['cores', 'maxTotalCores', 'totalCoresUsed'],
  ['ram', 'maxTotalRAMSize', 'totalRAMUsed'],
  ['floating_ips', 'maxTotalFloatingIps', 'totalFloatingIpsUsed'],
  ['security_groups', 'maxSecurityGroups', 'totalSecurityGroupsUsed'],
  ['security_group_rules', 'maxSecurityGroupRules'],
  ['server_groups', 'maxServerGroups', 'totalServerGroupsUsed'],
  ['server_group_members', 'maxServerGroupMembers'],
  ['key_pairs', 'maxTotalKeypairs'],
  ['metadata_items', 'maxServerMeta'],
  ['injected_files', 'maxPersonality'],
  ['injected_file_content_bytes', 'maxPersonalitySize'],
]

/** Fields of what other services took over, and the last versions that have them. */
const last: Record<string, string> = {
  maxTotalFloatingIps: '2.35',
  totalFloatingIpsUsed: '2.35',
  maxSecurityGroups: '2.35',
  totalSecurityGroupsUsed: '2.35',
  maxSecurityGroupRules: '2.35',
  maxImageMeta: '2.38',
  maxPersonality: '2.56',
  maxPersonalitySize: '2.56',
}
const shown = ['maxImageMeta', ...names.flatMap(([, max, used]) => (used ? [max, used] : [max]))]
const Limits = Type.Object({
  // There are no rate limits: the list is there for clients that look into it.
  rate: Type.Array(Type.Unknown(), { maxItems: 0 }),
  absolute: Type.Object(Object.fromEntries(shown.map((name) => [name, last[name] ? until(last[name], Type.Integer()) : Type.Integer()]))),
})

export const limitRules = [rule('os_compute_api:limits:other_project', admin, 'See the limits of another project.')]

export const limitOperations = [
  operation({
    id: 'limits.show',
    method: 'GET',
    path: '/limits',
    summary: 'Show limits',
    catalog: ['compute-v2.1.limits.show-global-and-rate-limits'],
    policy: rule('os_compute_api:limits', anyone, 'Show limits of the project.'),
    query: Type.Object({ tenant_id: Type.Optional(Type.String({ maxLength: 64 })) }),
    answer: Type.Object({ limits: Limits }),
    async handle({ cloud, db, who, query, allows }) {
      const own = who.project?.id ?? ''
      const project = query.tenant_id ?? own
      if (project !== own && !allows('os_compute_api:limits:other_project')) {
        throw forbidden("Policy doesn't allow os_compute_api:limits:other_project to be performed.")
      }
      const quota = await cloud.quota.show(db, project, 'compute.')
      const absolute: Record<string, number> = { maxImageMeta: quota.metadata_items!.limit }
      for (const [resource, max, used] of names) {
        absolute[max] = quota[resource]!.limit
        if (used) absolute[used] = quota[resource]!.in_use
      }
      return { limits: { rate: [], absolute } }
    },
  }),
]
