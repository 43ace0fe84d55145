// Groups (reference 6.8): users who have roles together.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Name } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { GroupRow } from '../../../auth/tables.ts'
import { Description, Extended, ensureSameId, extraOf, Id, mergeExtra, missing, open, SelfLink } from '../attributes.ts'
import { collection, listed, ofOwnDomain, partOf } from '../collection.ts'
import { findDomain } from '../domains/domains.ts'
import { freshenGroup, freshenLists, refuseDirectoryDomain, refuseDirectoryGroup } from '../ldap/guard.ts'
import { homeDomain } from '../projects/create.ts'
import { listDomain } from '../projects/read.ts'
import { managersOf, readersOf } from '../rules.ts'
import { deleteGroups, findGroup, groupQuery, insertGroup, updateGroup } from './store.ts'

const attributes = { description: Type.Optional(Description), domain_id: Type.Optional(Id) }
const Create = Type.Object({ group: Type.Object({ name: Name, ...attributes }) })
const Update = Type.Object({ group: Type.Object({ name: Type.Optional(Name), ...attributes }, { minProperties: 1 }) })
const known = ['name', ...Object.keys(attributes)]

export const groupTarget = (row: { id?: string; domain_id?: string }) => ({ target: { group: { id: row.id, domain_id: row.domain_id } } })

export const group = resource<'group', GroupRow>({
  name: 'group',
  param: 'group_id',
  load: (id, { db }) => findGroup(db, id),
  target: groupTarget,
  missing: missing('group'),
  hidden: true,
})

const rules = {
  get: rule('identity:get_group', readersOf('target.group.domain_id'), 'Show group details.'),
  list: rule('identity:list_groups', readersOf('target.group.domain_id'), 'List groups.'),
  create: rule('identity:create_group', managersOf('target.group.domain_id'), 'Create a group.'),
  update: rule('identity:update_group', managersOf('target.group.domain_id'), 'Update a group.'),
  delete: rule('identity:delete_group', managersOf('target.group.domain_id'), 'Delete a group.'),
}

/** A group as it is shown (reference 6.8). */
export const Group = Extended({
  id: Type.String(),
  name: Type.String(),
  domain_id: Type.String(),
  description: Type.String(),
  links: SelfLink,
})

export const groupView = (row: GroupRow, { href }: { href(path: string): string }): Static<typeof Group> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  domain_id: row.domain_id,
  description: row.description,
  links: { self: href(`/groups/${row.id}`) },
})
export const groupList = collection({
  many: 'groups',
  filters: { name: 'name', domain_id: 'domain_id', description: partOf('description') },
})

const list = operation({
  id: 'groups.list',
  method: 'GET',
  path: '/groups',
  majors: ['v3'],
  summary: 'List groups',
  catalog: ['identity-v3.groups.list-groups'],
  policy: rules.list,
  guard: freshenLists,
  policyTarget: (context) => groupTarget({ domain_id: listDomain(context) }),
  query: groupList.query,
  answer: groupList.answer(Group),
  handle: async (context) =>
    listed(context, groupList, ofOwnDomain(context.who, groupQuery(context.db, { domainId: listDomain(context) })), (rows) =>
      rows.map((row) => groupView(row, context)),
    ),
})

const show = operation({
  id: 'groups.show',
  method: 'GET',
  path: '/groups/{group_id}',
  majors: ['v3'],
  summary: 'Show group details',
  catalog: ['identity-v3.groups.show-group-details'],
  on: group,
  policy: rules.get,
  guard: freshenGroup,
  answer: Type.Object({ group: Group }),
  handle: async (context) => ({ group: groupView(context.group, context) }),
})

const create = operation({
  id: 'groups.create',
  method: 'POST',
  path: '/groups',
  majors: ['v3'],
  summary: 'Create a group',
  catalog: ['identity-v3.groups.create-group'],
  body: Create,
  status: 201,
  policy: rules.create,
  guard: (context) => refuseDirectoryDomain(context, context.body.group.domain_id ?? homeDomain(context.who)),
  policyTarget: ({ body, who }) => groupTarget({ domain_id: body.group.domain_id ?? homeDomain(who) }),
  answer: Type.Object({ group: Group }),
  async handle(context) {
    const {
      cloud,
      tx,
      body: { group },
      who,
      now,
    } = context
    const domain_id = group.domain_id ?? homeDomain(who)
    if (!(await findDomain(tx.db, domain_id))) throw notFound(missing('domain')(domain_id))
    const row: GroupRow = {
      id: cloud.environment.hexId(),
      name: group.name,
      domain_id,
      description: group.description ?? '',
      extra: extraOf(group, known),
      created_at: now,
    }
    await insertGroup(tx.db, row)
    return { group: groupView(row, context) }
  },
})

const update = operation({
  id: 'groups.update',
  method: 'PATCH',
  path: '/groups/{group_id}',
  majors: ['v3'],
  summary: 'Update a group',
  catalog: ['identity-v3.groups.update-group'],
  body: Update,
  on: group,
  policy: rules.update,
  guard: refuseDirectoryGroup,
  answer: Type.Object({ group: Group }),
  async handle(context) {
    const { tx, group, body } = context
    const { name, description, domain_id } = body.group
    ensureSameId(group.id, body.group)
    if (domain_id !== undefined && domain_id !== group.domain_id) throw badRequest('Cannot change Domain ID.')
    const row = await updateGroup(tx.db, group, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description: description ?? '' }),
      extra: mergeExtra(group.extra, body.group, known),
    })
    return { group: groupView(row, context) }
  },
})

const remove = operation({
  id: 'groups.delete',
  method: 'DELETE',
  path: '/groups/{group_id}',
  majors: ['v3'],
  summary: 'Delete a group',
  catalog: ['identity-v3.groups.delete-group'],
  status: 204,
  on: open(group),
  policy: rules.delete,
  guard: refuseDirectoryGroup,
  handle: ({ tx, group }) => deleteGroups(tx.db, [group.id]),
})

export const groups = [list, create, show, update, remove]
