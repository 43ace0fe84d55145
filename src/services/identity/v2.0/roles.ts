// Roles and their grants (reference 9.3.6, 9.4.4, 10.1.6 to 10.1.8, 10.1.13 to 10.1.19). A global role of a user is one on the system.
import { type Static, Type } from 'typebox'
import { conflict, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Name } from '../../../api/types.ts'
import type { Rule } from '../../../auth/policy.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import type { RoleRow } from '../../../auth/tables.ts'
import { grantRules, systemGrantRules } from '../assignments/rules.ts'
import { deleteGrant, type Grant, grantedRoles, insertGrant, systemId } from '../assignments/store.ts'
import { absent, ensureMutable, extraOf, missing } from '../attributes.ts'
import { defaultDomainId } from '../bootstrap.ts'
import { tellGrant, tellIdentity } from '../events.ts'
import { roleRules, roleTarget } from '../roles/roles.ts'
import { deleteRoles, findRole, findRoleByName, insertRole, roleQuery } from '../roles/store.ts'
import { rolesFor, v2 } from './common.ts'
import { PageQuery, page } from './page.ts'
import { Paged, Role } from './schema.ts'

const One = Type.Object({ role: Role })
const view = (row: RoleRow): Static<typeof Role> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  ...(row.description === null ? {} : { description: row.description }),
})
const ksadm = 'identity-v2.0-ext.os-ksadm-admin-extension'

const role = resource<'role', RoleRow>({
  name: 'role',
  param: 'role_id',
  target: (row) => ({ target: { role: roleTarget(row) } }),
  missing: missing('role'),
  hidden: true,
  async load(id, { db }) {
    const row = (await findRole(db, id)) ?? (await findRoleByName(db, id))
    return row?.domain_id === '' ? row : undefined
  },
})

const Create = Type.Object({
  role: Type.Object({ name: Name, description: Type.Optional(Type.Union([Type.String({ maxLength: 4096 }), Type.Null()])) }),
})

/** The reference has them at /OS-KSADM, clients at /OS-KSADM/roles. */
const rolesAt = (path: '/OS-KSADM' | '/OS-KSADM/roles', documented: boolean) => {
  const ids = (...names: string[]) => (documented ? names.map((name) => `${ksadm}.${name}`) : [])
  const id = documented ? 'v2.roles' : 'v2.roles-long'
  return [
    operation({
      ...v2,
      id: `${id}.list`,
      method: 'GET',
      path,
      summary: 'List roles',
      catalog: ids('list-roles'),
      query: PageQuery,
      answer: Paged('roles', Role),
      policy: roleRules.list,
      policyTarget: () => ({}),
      async handle(context) {
        const { rows, links } = page(context, path, await roleQuery(context.db, '').orderBy('name').execute())
        return { roles: rows.map(view), roles_links: links }
      },
    }),
    operation({
      ...v2,
      id: `${id}.create`,
      method: 'POST',
      path,
      summary: 'Create role',
      catalog: ids('create-role'),
      answer: One,
      body: Create,
      policy: roleRules.create,
      policyTarget: () => ({}),
      async handle({ cloud, tx, body, now }) {
        const row: RoleRow = {
          id: cloud.environment.hexId(),
          name: body.role.name,
          domain_id: '',
          description: body.role.description ?? null,
          options: {},
          created_at: now,
          extra: extraOf(body.role, ['name', 'description', 'domain_id', 'options']),
        }
        await insertRole(tx.db, row)
        await tellIdentity(cloud, tx, 'role', 'created', row.id)
        return { role: view(row) }
      },
    }),
    operation({
      ...v2,
      id: `${id}.show`,
      method: 'GET',
      path: `${path}/{role_id}` as '/OS-KSADM/{role_id}',
      summary: 'Show role details',
      on: role,
      policy: roleRules.get,
      answer: One,
      catalog: documented ? ids('show-role-details-by-id') : [`${ksadm}.show-role-information-by-name`],
      handle: async ({ role }) => ({ role: view(role) }),
    }),
    operation({
      ...v2,
      id: `${id}.delete`,
      method: 'DELETE',
      path: `${path}/{role_id}` as '/OS-KSADM/{role_id}',
      summary: 'Delete role',
      catalog: ids('delete-role'),
      status: 204,
      on: role,
      policy: roleRules.delete,
      async handle({ cloud, tx, role }) {
        ensureMutable('role', role)
        await deleteRoles(tx.db, [role.id])
        await tellIdentity(cloud, tx, 'role', 'deleted', role.id)
      },
    }),
  ]
}

type Params = { tenant_id?: string; user_id: string; role_id?: string }
const paramsOf = (context: { params: unknown }) => context.params as Params

const targetFor = (rule: Rule) => async (context: BaseContext & { params: unknown }) => {
  const { db } = context
  const { tenant_id, user_id, role_id } = paramsOf(context)
  const user = await findUser(db, user_id)
  if (user?.domain_id !== defaultDomainId) throw absent(context, rule, 'user', user_id)
  const project = tenant_id === undefined ? undefined : await findProject(db, tenant_id)
  if (tenant_id !== undefined && project?.domain_id !== defaultDomainId) throw absent(context, rule, 'project', tenant_id)
  const role = role_id === undefined ? undefined : await findRole(db, role_id)
  if (role_id !== undefined && role?.domain_id !== '') throw absent(context, rule, 'role', role_id)
  return {
    target: {
      user: { id: user.id, domain_id: user.domain_id },
      ...(project ? { project: { id: project.id, domain_id: project.domain_id } } : {}),
      ...(role ? { role: roleTarget(role) } : {}),
    },
  }
}

const grantOf = (context: { params: unknown }): Grant => {
  const { tenant_id, user_id, role_id } = paramsOf(context)
  return {
    actor_type: 'user',
    actor_id: user_id,
    target_type: tenant_id === undefined ? 'system' : 'project',
    target_id: tenant_id ?? systemId,
    role_id: role_id ?? '',
    inherited: false,
  }
}

/** Grants on a tenant, or global ones. */
function grantsAt(
  path: '/tenants/{tenant_id}/users/{user_id}/roles' | '/users/{user_id}/roles',
  catalog: { list: string[]; grant: string; revoke: string },
) {
  const global = path === '/users/{user_id}/roles'
  const rules = global ? systemGrantRules.user : grantRules
  const id = global ? 'v2.global-roles' : 'v2.tenant-roles'
  const one = `${path}/OS-KSADM/{role_id}` as string
  return [
    operation({
      ...v2,
      id: `${id}.list`,
      method: 'GET',
      path: path as string,
      summary: global ? 'List user global roles' : 'List roles for user',
      catalog: catalog.list,
      query: Type.Object({ ...PageQuery.properties, serviceId: Type.Optional(Type.String()) }),
      answer: Paged('roles', Role),
      policy: rules.list,
      policyTarget: targetFor(rules.list),
      async handle(context) {
        const at = path.replace(/\{(\w+)\}/g, (_, name: string) => (context.params as Record<string, string>)[name]!)
        const all = rolesFor(await grantedRoles(context.db, grantOf(context)), context.rawQuery.get('serviceId'))
        const { rows, links } = page(context, at, all)
        return { roles: rows.map(view), roles_links: links }
      },
    }),
    operation({
      ...v2,
      id: `${id}.grant`,
      method: 'PUT',
      path: one,
      summary: 'Grant role to user',
      catalog: [`${ksadm}.${catalog.grant}`],
      answer: One,
      policy: rules.create,
      policyTarget: targetFor(rules.create),
      async handle(context) {
        const grant = grantOf(context)
        if (!(await insertGrant(context.tx.db, grant)))
          throw conflict(
            `Conflict occurred attempting to store role grant - User ${grant.actor_id} already has role ${grant.role_id} in tenant ${grant.target_id}.`,
          )
        await tellGrant(context.cloud, context.tx, 'created', grant)
        return { role: view((await findRole(context.tx.db, grant.role_id))!) }
      },
    }),
    operation({
      ...v2,
      id: `${id}.revoke`,
      method: 'DELETE',
      path: one,
      summary: 'Revoke role from user',
      catalog: [`${ksadm}.${catalog.revoke}`],
      status: 204,
      policy: rules.revoke,
      policyTarget: targetFor(rules.revoke),
      async handle(context) {
        const grant = grantOf(context)
        if (!(await deleteGrant(context.tx.db, grant))) throw notFound(`Could not find role: ${paramsOf(context).role_id}.`)
        await tellGrant(context.cloud, context.tx, 'deleted', grant)
      },
    }),
  ]
}

export const v2Roles = [
  ...rolesAt('/OS-KSADM', true),
  ...rolesAt('/OS-KSADM/roles', false),
  ...grantsAt('/tenants/{tenant_id}/users/{user_id}/roles', {
    list: ['identity-v2.0-admin.tenants.list-roles-for-user'],
    grant: 'grant-roles-to-user-on-tenant',
    revoke: 'revoke-role-from-user-on-tenant',
  }),
  ...grantsAt('/users/{user_id}/roles', {
    list: ['identity-v2.0-admin.users.list-user-global-roles', `${ksadm}.list-global-roles-for-user`],
    grant: 'grant-global-role-to-user',
    revoke: 'delete-global-role-from-user',
  }),
]
