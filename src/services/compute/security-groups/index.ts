// Security groups (reference 3.45).
import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Closed, isTrue, Text } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { holding } from '../../../db/hold.ts'
import { isAdmin, ownProject } from '../asker.ts'
import { proxied, lastProxyVersion as until } from '../proxy.ts'
import { memberOrAdmin, readerOrAdmin } from '../rules.ts'
import { groupView, SecurityGroup } from './view.ts'

const catalog = (name: string) => [`compute-v2.1.security-groups.${name}`]
const path = '/os-security-groups'
const Whole = Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' }))
const GroupName = Type.String({ ...Text, minLength: 1 })
const Content = Closed({ name: GroupName, description: Type.Optional(Type.Union([Text, Type.Null()])) })
const Changes = Closed({ name: Type.Optional(GroupName), description: Type.Optional(Type.Union([Text, Type.Null()])) })

export const groups = resource({
  name: 'group',
  param: 'security_group_id',
  hold: holding('network_security_groups'),
  load: (id, context) => context.cloud.network.securityGroups.find(context.db, context, id),
  target: ({ project_id }) => ({ project_id }),
  missing: (id) => `Security group ${id.slice(0, 100)} not found.`,
})

const trimmed = (name: string) => {
  if (!name.trim()) throw badRequest('Security group name cannot be empty.')
  return name
}

const list = operation({
  id: 'security-groups.list',
  method: 'GET',
  path,
  until,
  summary: 'List security groups',
  catalog: catalog('list-security-groups'),
  policy: rule('os_compute_api:os-security-groups:get', readerOrAdmin, 'List security groups.'),
  query: Type.Object({ limit: Whole, offset: Whole, all_tenants: Type.Optional(Type.String({ maxLength: 10 })) }),
  answer: Type.Object({ security_groups: Type.Array(SecurityGroup) }),
  async handle(context) {
    const { cloud, db, query, who } = context
    const everybody = isAdmin(context) && query.all_tenants !== undefined && (query.all_tenants === '' || isTrue(query.all_tenants))
    const all = await cloud.network.securityGroups.list(db, context, everybody ? null : (who.project?.id ?? ''))
    const first = Number(query.offset ?? 0)
    return { security_groups: all.slice(first, first + Math.min(Number(query.limit ?? 1000), 1000)).map(groupView) }
  },
})

const show = operation({
  id: 'security-groups.show',
  method: 'GET',
  path: `${path}/{security_group_id}`,
  until,
  summary: 'Show a security group',
  catalog: catalog('show-security-group-details'),
  policy: rule('os_compute_api:os-security-groups:show', readerOrAdmin, 'Show a security group.'),
  on: groups,
  answer: Type.Object({ security_group: SecurityGroup }),
  handle: async ({ group }) => ({ security_group: groupView(group) }),
})

const create = operation({
  id: 'security-groups.create',
  method: 'POST',
  path,
  until,
  summary: 'Create a security group',
  catalog: catalog('create-security-group'),
  quota: { 'network.security_group': 'handler', 'network.security_group_rule': 'handler' },
  policy: rule('os_compute_api:os-security-groups:create', memberOrAdmin, 'Create a security group.'),
  body: Closed({ security_group: Content }),
  answer: Type.Object({ security_group: SecurityGroup }),
  async handle(context) {
    const { name, description } = context.body.security_group
    const content = { name: trimmed(name), description: description ?? '' }
    return {
      security_group: groupView(await proxied(context.cloud.network.securityGroups.create(context, ownProject(context), content))),
    }
  },
})

const update = operation({
  id: 'security-groups.update',
  method: 'PUT',
  path: `${path}/{security_group_id}`,
  until,
  summary: 'Change a security group',
  catalog: catalog('update-security-group'),
  policy: rule('os_compute_api:os-security-groups:update', memberOrAdmin, 'Change a security group.'),
  on: groups,
  body: Closed({ security_group: Changes }),
  answer: Type.Object({ security_group: SecurityGroup }),
  async handle(context) {
    const { name, description } = context.body.security_group
    const changes = { ...(name === undefined ? {} : { name: trimmed(name) }), ...(description == null ? {} : { description }) }
    return { security_group: groupView(await proxied(context.cloud.network.securityGroups.update(context, context.group, changes))) }
  },
})

const remove = operation({
  id: 'security-groups.delete',
  method: 'DELETE',
  path: `${path}/{security_group_id}`,
  until,
  summary: 'Delete a security group',
  catalog: catalog('delete-security-group'),
  status: 202,
  policy: rule('os_compute_api:os-security-groups:delete', memberOrAdmin, 'Delete a security group.'),
  on: groups,
  handle: (context) => proxied(context.cloud.network.securityGroups.remove(context, context.group)),
})

export const securityGroupOperations = [list, show, create, update, remove]
