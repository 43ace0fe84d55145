// Roles (reference 6.10): names that rules ask for. A domain may have roles of its own, which count only by what they imply.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Name, Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { RoleRow } from '../../../auth/tables.ts'
import {
  Description,
  Extended,
  ensureMutable,
  ensureSameId,
  extraOf,
  Id,
  mergeExtra,
  mergeOptions,
  missing,
  Options,
  SelfLink,
} from '../attributes.ts'
import { byHandler, collection, listed } from '../collection.ts'
import { findDomain } from '../domains/domains.ts'
import { tellIdentity } from '../events.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { deleteRoles, findRole, insertRole, roleQuery, updateRole } from './store.ts'

const attributes = {
  description: Type.Optional(Description),
  domain_id: Type.Optional(Type.Union([Id, Type.Null()])),
  options: Type.Optional(Options),
}
const Create = Type.Object({ role: Type.Object({ name: Name, ...attributes }) })
const Update = Type.Object({ role: Type.Object({ name: Type.Optional(Name), ...attributes }, { minProperties: 1 }) })
const known = ['name', ...Object.keys(attributes)]

export const roleTarget = (row: Pick<RoleRow, 'id' | 'name' | 'domain_id'>) => ({
  id: row.id,
  name: row.name,
  domain_id: row.domain_id === '' ? null : row.domain_id,
})

export const role = resource({
  name: 'role',
  param: 'role_id',
  load: (id, { db }) => findRole(db, id),
  target: (row) => ({ target: { role: roleTarget(row) } }),
  missing: missing('role'),
})

export const roleRules = {
  get: rule('identity:get_role', `(${adminOrSystemReader}) or (role:manager and rule:domain_managed_target_role)`, 'Show role details.'),
  list: rule('identity:list_roles', `(${adminOrSystemReader}) or (role:manager and not domain_id:None)`, 'List roles.'),
  create: cloudRule('identity:create_role', adminRequired, 'Create a role.'),
  update: cloudRule('identity:update_role', adminRequired, 'Update a role.'),
  delete: cloudRule('identity:delete_role', adminRequired, 'Delete a role.'),
}

/** What decides instead when the role is a domain's own. */
const ofDomain = {
  get: cloudRule('identity:get_domain_role', adminOrSystemReader, "Show a domain's own role."),
  list: cloudRule('identity:list_domain_roles', adminOrSystemReader, "List a domain's own roles."),
  create: cloudRule('identity:create_domain_role', adminRequired, 'Create a role of a domain.'),
  update: cloudRule('identity:update_domain_role', adminRequired, "Update a domain's own role."),
  delete: cloudRule('identity:delete_domain_role', adminRequired, "Delete a domain's own role."),
}
export const domainRoleRules = Object.values(ofDomain)
/** The rule of that name for a domain's own role, none for one of the whole cloud. */
const own = (name: 'get' | 'update' | 'delete') => ({
  ruleFor: (context: { role: RoleRow }) => (context.role.domain_id === '' ? undefined : ofDomain[name]),
})

/** A role as it is shown (reference 6.10). */
export const Role = Extended({
  id: Type.String(),
  name: Type.String(),
  /** Null of a role of the whole cloud. */
  domain_id: Nullable(Type.String()),
  description: Nullable(Type.String()),
  options: Options,
  links: SelfLink,
})
/** As other things refer to a role. */
export const RoleRef = Type.Object({ id: Type.String(), name: Type.String(), links: SelfLink })

const roleList = collection({ many: 'roles', filters: { name: 'name', domain_id: byHandler } })

export const roleView = (row: RoleRow, { href }: { href(path: string): string }): Static<typeof Role> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  domain_id: row.domain_id === '' ? null : row.domain_id,
  description: row.description,
  options: row.options,
  links: { self: href(`/roles/${row.id}`) },
})

const list = operation({
  id: 'roles.list',
  method: 'GET',
  path: '/roles',
  majors: ['v3'],
  summary: 'List roles',
  catalog: ['identity-v3.roles.list-roles'],
  policy: roleRules.list,
  policyTarget: () => ({}),
  ruleFor: ({ rawQuery }) => (rawQuery.get('domain_id') ? ofDomain.list : undefined),
  query: roleList.query,
  answer: roleList.answer(Role),
  async handle(context) {
    return listed(context, roleList, roleQuery(context.db, context.rawQuery.get('domain_id') ?? ''), (rows) =>
      rows.map((row) => roleView(row, context)),
    )
  },
})

const show = operation({
  id: 'roles.show',
  method: 'GET',
  path: '/roles/{role_id}',
  majors: ['v3'],
  summary: 'Show role details',
  catalog: ['identity-v3.roles.show-role-details'],
  on: role,
  policy: roleRules.get,
  ...own('get'),
  answer: Type.Object({ role: Role }),
  handle: async (context) => ({ role: roleView(context.role, context) }),
})

const create = operation({
  id: 'roles.create',
  method: 'POST',
  path: '/roles',
  majors: ['v3'],
  summary: 'Create a role',
  catalog: ['identity-v3.roles.create-role'],
  body: Create,
  status: 201,
  policy: roleRules.create,
  ruleFor: ({ body }) => (body.role.domain_id ? ofDomain.create : undefined),
  policyTarget: () => ({}),
  answer: Type.Object({ role: Role }),
  async handle(context) {
    const {
      cloud,
      tx,
      body: { role },
      now,
    } = context
    if (role.domain_id && !(await findDomain(tx.db, role.domain_id))) throw notFound(missing('domain')(role.domain_id))
    const row: RoleRow = {
      id: cloud.environment.hexId(),
      name: role.name,
      domain_id: role.domain_id ?? '',
      description: role.description ?? null,
      extra: extraOf(role, known),
      options: mergeOptions({}, role.options),
      created_at: now,
    }
    await insertRole(tx.db, row)
    await tellIdentity(cloud, tx, 'role', 'created', row.id)
    return { role: roleView(row, context) }
  },
})

const update = operation({
  id: 'roles.update',
  method: 'PATCH',
  path: '/roles/{role_id}',
  majors: ['v3'],
  summary: 'Update a role',
  catalog: ['identity-v3.roles.update-role'],
  body: Update,
  on: role,
  policy: roleRules.update,
  ...own('update'),
  answer: Type.Object({ role: Role }),
  async handle(context) {
    const { tx, role, body } = context
    const { name, description, options, domain_id } = body.role
    ensureSameId(role.id, body.role)
    ensureMutable('role', role, body.role)
    if (domain_id !== undefined && (domain_id ?? '') !== role.domain_id) throw badRequest('Update of `domain_id` is not allowed.')
    const row = await updateRole(tx.db, role, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(options === undefined ? {} : { options: mergeOptions(role.options, options) }),
      extra: mergeExtra(role.extra, body.role, known),
    })
    await tellIdentity(context.cloud, tx, 'role', 'updated', row.id)
    return { role: roleView(row, context) }
  },
})

const remove = operation({
  id: 'roles.delete',
  method: 'DELETE',
  path: '/roles/{role_id}',
  majors: ['v3'],
  summary: 'Delete a role',
  catalog: ['identity-v3.roles.delete-role'],
  status: 204,
  on: role,
  policy: roleRules.delete,
  ...own('delete'),
  async handle({ cloud, tx, role }) {
    ensureMutable('role', role)
    await deleteRoles(tx.db, [role.id])
    await tellIdentity(cloud, tx, 'role', 'deleted', role.id)
  },
})

export const roles = [list, create, show, update, remove]
