// Security groups (reference 14.7): what may reach a port, and what it may reach.
import { type Static, Type } from 'typebox'
import { notBuilt } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Db } from '../../../db/database.ts'
import { holding } from '../../../db/hold.ts'
import { member, reader } from '../rules.ts'
import { ruleView } from '../security-group-rules/view.ts'
import { actorOf, listerOf, ownedBy, ownerOf, viewerOf } from '../wire/actor.ts'
import { createEach, OneOrMany, OneOrManyMade } from '../wire/bodies.ts'
import { standard } from '../wire/fields.ts'
import { collection, FieldsQuery, listed, pickFields, Shown } from '../wire/listing.ts'
import { checkRevision } from '../wire/revision.ts'
import { ensureDefaultGroup } from './default-group.ts'
import { changeGroup, makeGroup, removeGroup } from './make.ts'
import { GroupChanges, NewGroup, SecurityGroup as Shape } from './schema.ts'
import { defaultGroupId, findVisibleGroup, rulesOf, type SecurityGroup, visibleGroups } from './store.ts'

const catalog = (name: string) => [`network-v2.0-ext.security-groups.${name}`]

async function groupViews(db: Db, groups: SecurityGroup[]): Promise<Static<typeof Shape>[]> {
  const rules = await rulesOf(
    db,
    groups.map((group) => group.id),
  )
  return groups.map((group) => ({
    id: group.id,
    name: group.name,
    security_group_rules: rules.get(group.id)!.map(ruleView),
    stateful: true,
    shared: false,
    ...standard(group),
  }))
}
/** Whoever asks for a filter that remembers no connections is not given one that does. */
function checkStateful({ stateful }: { stateful?: boolean }): void {
  if (stateful === false) throw notBuilt('A security group without state')
}

const groupView = async (db: Db, group: SecurityGroup) => (await groupViews(db, [group]))[0]!

const groupResource = resource({
  name: 'group',
  param: 'security_group_id',
  hold: holding('network_security_groups'),
  load: (id, context) => findVisibleGroup(context.db, viewerOf(context), id),
  target: (group) => ownedBy(group.project_id),
  missing: (id) => `Security group ${id.slice(0, 100)} does not exist`,
  missingType: 'SecurityGroupNotFound',
})

const list = collection({
  many: 'security_groups',
  path: '/security-groups',
  columns: {
    id: 'id',
    name: 'name',
    description: 'description',
    project_id: 'project_id',
    tenant_id: 'project_id',
    revision_number: 'revision',
    created_at: 'created_at',
    updated_at: 'updated_at',
  },
  numbers: ['revision_number'],
})

const see = rule('get_security_group', reader, 'Show a security group.')

/** The asker's default group is made by looking for it. */
async function makeDefault(context: BaseContext): Promise<void> {
  const { cloud, db, now } = context
  const { projectId } = actorOf(context)
  if (projectId && !(await defaultGroupId(db, projectId))) await context.write((tx) => ensureDefaultGroup(cloud, tx, projectId, now))
}

export const listGroups = operation({
  id: 'security-groups.list',
  method: 'GET',
  path: '/security-groups',
  summary: 'List security groups',
  catalog: catalog('list-security-groups'),
  policy: see,
  query: list.query,
  answer: list.answer(Shown(Shape)),
  async handle(context) {
    await makeDefault(context)
    return listed(context, list, visibleGroups(context.db, listerOf(context, see.name)), (rows) => groupViews(context.db, rows))
  },
})

export const showGroup = operation({
  id: 'security-groups.show',
  method: 'GET',
  path: '/security-groups/{security_group_id}',
  summary: 'Show a security group',
  catalog: catalog('show-security-group'),
  policy: see,
  on: groupResource,
  query: FieldsQuery,
  answer: Type.Object({ security_group: Shown(Shape) }),
  handle: async (context) => ({ security_group: pickFields(context, await groupView(context.db, context.group)) }),
})

export const createGroup = operation({
  id: 'security-groups.create',
  method: 'POST',
  path: '/security-groups',
  summary: 'Create one security group or several',
  catalog: catalog('create-security-group'),
  body: OneOrMany('security_group', 'security_groups', NewGroup),
  status: 201,
  answer: OneOrManyMade('security_group', 'security_groups', Shape),
  quota: { 'network.security_group': 'handler', 'network.security_group_rule': 'handler' },
  policy: rule('create_security_group', member, 'Create a security group.'),
  handle: async (context) =>
    createEach(context.body, 'security_group', 'security_groups', async (given: Static<typeof NewGroup>) => {
      const { name = '', description } = given
      checkStateful(given)
      const group = await makeGroup(context, ownerOf(context, given), { name, description: description ?? '' })
      return groupView(context.tx.db, group)
    }),
})

export const updateGroup = operation({
  id: 'security-groups.update',
  method: 'PUT',
  path: '/security-groups/{security_group_id}',
  summary: 'Change a security group',
  catalog: catalog('update-security-group'),
  body: GroupChanges,
  answer: Type.Object({ security_group: Shape }),
  policy: rule('update_security_group', member, 'Change a security group.'),
  on: groupResource,
  async handle(context) {
    const { tx, group, body } = context
    const { name, description } = body.security_group
    checkRevision(context, group.revision)
    checkStateful(body.security_group)
    const changes = { ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description: description ?? '' }) }
    return { security_group: await groupView(tx.db, await changeGroup(context, group, changes)) }
  },
})

export const deleteGroup = operation({
  id: 'security-groups.delete',
  method: 'DELETE',
  path: '/security-groups/{security_group_id}',
  summary: 'Delete a security group',
  catalog: catalog('delete-security-group'),
  status: 204,
  policy: rule('delete_security_group', member, 'Delete a security group.'),
  on: groupResource,
  async handle(context) {
    checkRevision(context, context.group.revision)
    await removeGroup(context, context.group)
  },
})
