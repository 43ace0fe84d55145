// Server groups (reference 3.49): servers that shall be together on a host, or apart.
import { type Static, Type } from 'typebox'
import { badRequest, forbidden } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Closed, isTrue } from '../../../api/types.ts'
import { since, until } from '../../../api/versions.ts'
import { rule } from '../../../auth/policy.ts'
import { holding } from '../../../db/hold.ts'
import { ownProject, seenProject } from '../asker.ts'
import { admin, memberOrAdmin, readerOrAdmin } from '../rules.ts'
import { deleteGroup, findGroup, insertGroup, listGroups, membersOf, type ServerGroup } from './store.ts'
import type { GroupPolicy } from './tables.ts'

const catalog = (name: string) => [`compute-v2.1.server-groups.${name}`]
const path = '/os-server-groups'
const Whole = Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' }))
const Name = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?! )[^\\u0000-\\u001f\\u007f]*(?<! )$' })
const hard: GroupPolicy[] = ['affinity', 'anti-affinity']
const soft: GroupPolicy[] = ['soft-affinity', 'soft-anti-affinity']
const OnePolicy = Type.Unsafe<GroupPolicy>({ enum: [...hard, ...soft] })
const NewGroup = Closed({
  name: Name,
  policies: until('2.63', Type.Array(OnePolicy, { minItems: 1, maxItems: 1 })),
})
const allProjects = 'os_compute_api:os-server-groups:index:all_projects'

const Shown = Type.Object({
  id: Type.String(),
  name: Type.String(),
  policies: until('2.63', Type.Array(OnePolicy)),
  members: Type.Array(Type.String()),
  /** What the user says of it; nothing can be said yet. */
  metadata: Type.Record(Type.String(), Type.String()),
  project_id: since('2.13', Type.String()),
  user_id: since('2.13', Type.String()),
})

async function views({ db }: BaseContext, groups: ServerGroup[]): Promise<Static<typeof Shown>[]> {
  const ids = groups.map(({ id }) => id)
  const members = await membersOf(db, ids)
  return groups.map(({ id, name, policy, project_id, user_id }) => ({
    id,
    name,
    policies: [policy],
    members: members.get(id)!.map((member) => member.id),
    metadata: {},
    project_id,
    user_id,
  }))
}
const viewOf = async (context: BaseContext, group: ServerGroup) => ({ server_group: (await views(context, [group]))[0]! })

const serverGroups = resource({
  name: 'group',
  param: 'ServerGroup_id',
  hold: holding('compute_server_groups'),
  load: (id, context) => findGroup(context.db, seenProject(context), id),
  target: ({ project_id }) => ({ project_id }),
  missing: (id) => `Instance group ${id.slice(0, 100)} could not be found.`,
})

export const serverGroupRules = [rule(allProjects, admin, 'List server groups of all projects.')]

export const serverGroupOperations = [
  operation({
    id: 'server-groups.list',
    method: 'GET',
    path,
    summary: 'List server groups',
    catalog: catalog('list-server-groups'),
    policy: rule('os_compute_api:os-server-groups:index', readerOrAdmin, 'List server groups.'),
    query: Type.Object({ all_projects: Type.Optional(Type.String({ maxLength: 10 })), limit: Whole, offset: Whole }),
    answer: Type.Object({ server_groups: Type.Array(Shown) }),
    async handle(context) {
      const { query, db, who, allows } = context
      const all = query.all_projects !== undefined && (query.all_projects === '' || isTrue(query.all_projects))
      if (all && !allows(allProjects)) throw forbidden(`Policy doesn't allow ${allProjects} to be performed.`)
      const limit = Math.min(Number(query.limit ?? 1000), 1000)
      const found = await listGroups(db, all ? null : (who.project?.id ?? ''), limit, Number(query.offset ?? 0))
      return { server_groups: await views(context, found) }
    },
  }),
  operation({
    id: 'server-groups.show',
    method: 'GET',
    path: `${path}/{ServerGroup_id}`,
    summary: 'Show a server group',
    catalog: catalog('show-server-group-details'),
    policy: rule('os_compute_api:os-server-groups:show', readerOrAdmin, 'Show a server group.'),
    on: serverGroups,
    answer: Type.Object({ server_group: Shown }),
    handle: (context) => viewOf(context, context.group),
  }),
  operation({
    id: 'server-groups.create',
    method: 'POST',
    path,
    summary: 'Create a server group',
    catalog: catalog('create-server-group'),
    policy: rule('os_compute_api:os-server-groups:create', memberOrAdmin, 'Create a server group.'),
    body: Closed({ server_group: NewGroup }),
    answer: Type.Object({ server_group: Shown }),
    quota: { 'compute.server_groups': 1 },
    async handle(context) {
      const { tx, cloud, who, now, body, at } = context
      const { name, policies } = body.server_group
      const policy = policies[0]!
      if (soft.includes(policy) && !at('2.15'))
        throw badRequest(`Invalid input for field/attribute 0. Value: ${policy}. '${policy}' is not one of ${JSON.stringify(hard)}`)
      const id = cloud.environment.uuid()
      return viewOf(
        context,
        await insertGroup(tx.db, { id, name, policy, project_id: ownProject(context), user_id: who.user.id, created_at: now }),
      )
    },
  }),
  operation({
    id: 'server-groups.delete',
    method: 'DELETE',
    path: `${path}/{ServerGroup_id}`,
    summary: 'Delete a server group',
    catalog: catalog('delete-server-group'),
    status: 204,
    policy: rule('os_compute_api:os-server-groups:delete', memberOrAdmin, 'Delete a server group.'),
    on: serverGroups,
    async handle({ tx, cloud, group }) {
      if (await deleteGroup(tx.db, group.id)) await cloud.quota.count(tx, group.project_id, { 'compute.server_groups': -1 })
    },
  }),
]
