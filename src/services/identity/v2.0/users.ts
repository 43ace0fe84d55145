// Users (reference 9.3, 10.1.1 to 10.1.5): those of the default domain.
import { type Static, Type } from 'typebox'
import { badRequest, forbidden, notFound } from '../../../api/faults.ts'
import { listing } from '../../../api/listing.ts'
import { operation } from '../../../api/operation.ts'
import { Name, SecretText } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import type { Secret } from '../../../auth/secret.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { type Grant, insertGrant } from '../assignments/store.ts'
import { missing } from '../attributes.ts'
import { defaultDomainId } from '../bootstrap.ts'
import { ofOwnDomain } from '../collection.ts'
import { tellGrant, tellIdentity } from '../events.ts'
import { freshenUser, refuseDirectoryDomain, refuseDirectoryUser } from '../ldap/guard.ts'
import { findRoleByName } from '../roles/store.ts'
import { findScope, issueToken } from '../tokens/authenticate.ts'
import { changeOwnPassword } from '../users/change-password.ts'
import { addUser, passwordHash } from '../users/create.ts'
import { userRules, userTarget } from '../users/resource.ts'
import type { UserBody } from '../users/schema.ts'
import { deleteUsers, userQuery } from '../users/store.ts'
import { changeUser } from '../users/update.ts'
import { user, userView, v2 } from './common.ts'
import { v2Style } from './page.ts'
import { Access, User as Shape } from './schema.ts'
import { accessView } from './token-view.ts'

const Word = Type.Union([Type.String({ maxLength: 255 }), Type.Null()])
const Password = Type.Union([SecretText({ maxLength: 4096 }), Type.Null()])
const attributes = {
  username: Type.Optional(Name),
  email: Type.Optional(Word),
  enabled: Type.Optional(Type.Boolean()),
  tenantId: Type.Optional(Word),
  tenant_id: Type.Optional(Word),
  password: Type.Optional(Password),
  /** As OS-KSADM calls it (10.1.2, 10.1.3). */
  'OS-KSADM:password': Type.Optional(Password),
}
const Create = Type.Object({ user: Type.Object({ name: Type.Optional(Name), ...attributes }) })
const Update = Type.Object({ user: Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Name), ...attributes }) })
type Body = Static<typeof Update>['user'] & Record<string, unknown>

const passwordOf = (body: { password?: Secret | null; 'OS-KSADM:password'?: Secret | null }) => body.password ?? body['OS-KSADM:password']

/** The body as v3 has it. */
function v3Body({
  tenantId,
  tenant_id,
  username,
  name,
  domain_id: _domain,
  options: _options,
  'OS-KSADM:password': password,
  default_project_id: _project,
  ...rest
}: Body): UserBody & { name?: string } {
  const tenant = tenantId ?? tenant_id
  return {
    ...(password === undefined ? {} : { password }),
    ...rest,
    ...((name ?? username) ? { name: name ?? username } : {}),
    ...(tenant === undefined ? {} : { default_project_id: tenant || null }),
  }
}

/** In this version a user's tenant is one in which the user is a member. */
async function joinTenant(cloud: Cloud, tx: Tx, row: User): Promise<void> {
  if (!row.default_project_id) return
  if (!(await findProject(tx.db, row.default_project_id))) throw notFound(missing('project')(row.default_project_id))
  const role = await findRoleByName(tx.db, 'member')
  if (!role) return
  const grant: Grant = {
    actor_type: 'user',
    actor_id: row.id,
    target_type: 'project',
    target_id: row.default_project_id,
    role_id: role.id,
    inherited: false,
  }
  if (await insertGrant(tx.db, grant)) await tellGrant(cloud, tx, 'created', grant)
}

const One = Type.Object({ user: Shape })

const create = operation({
  ...v2,
  id: 'v2.users.create',
  method: 'POST',
  path: '/users',
  summary: 'Create user',
  catalog: ['identity-v2.0-admin.users.create-user', 'identity-v2.0-ext.os-ksadm-admin-extension.create-user'],
  body: Create,
  transaction: 'none',
  policy: userRules.create,
  guard: (context) => refuseDirectoryDomain(context, defaultDomainId),
  policyTarget: ({ body }) => userTarget({ name: body.user.name, domain_id: defaultDomainId }),
  answer: One,
  async handle({ cloud, body, now, write }) {
    const wanted = v3Body(body.user)
    if (!wanted.name) throw badRequest('Expecting to find name in user.')
    const hash = await passwordHash(cloud, passwordOf(body.user))
    const row = await write(async (tx) => {
      const made = await addUser(cloud, tx, { ...wanted, name: wanted.name!, domain_id: defaultDomainId }, hash, now)
      await joinTenant(cloud, tx, made)
      return made
    })
    return { user: userView(row) }
  },
})

const userList = listing({
  style: v2Style,
  many: 'users',
  path: '/users',
  filters: { name: 'name' },
  sortKeys: { name: 'name', id: 'id' },
  defaultSort: [['name', 'asc']],
  id: 'id',
  maxLimit: 10_000,
})

const list = operation({
  ...v2,
  id: 'v2.users.list',
  method: 'GET',
  path: '/users',
  summary: 'List users',
  catalog: ['identity-v2.0-admin.users.list-users', 'identity-v2.0-ext.os-ksadm-admin-extension.list-users'],
  policy: userRules.list,
  policyTarget: () => ({ target: {} }),
  query: userList.query,
  // With a name it is that user.
  answer: Type.Union([userList.answer(Shape), One]),
  async handle(context) {
    const { db, who, rawQuery } = context
    const name = rawQuery.get('name')
    const page = await userList.page<User>(context, ofOwnDomain(who, userQuery(db, { domainId: defaultDomainId })))
    if (name === null) return userList.body(context, page, page.rows.map(userView))
    if (!page.rows[0]) throw notFound(missing('user')(name))
    return { user: userView(page.rows[0]) }
  },
})

/** Changes at several paths: whole, and one attribute with and without the name of the extension. */
const change = (
  id: string,
  path: '/users/{user_id}' | `/users/{user_id}/${'' | 'OS-KSADM/'}${'enabled' | 'password' | 'tenant'}`,
  fields: string[] | null,
  summary: string,
  catalog: string[],
) =>
  operation({
    ...v2,
    id,
    method: 'PUT',
    path,
    summary,
    catalog,
    body: Update,
    on: user,
    transaction: 'none',
    policy: userRules.update,
    guard: refuseDirectoryUser,
    answer: One,
    async handle({ cloud, body, user, now, write }) {
      const given: Body = fields ? Object.fromEntries(Object.entries(body.user).filter(([name]) => fields.includes(name))) : body.user
      if (fields && !Object.keys(given).length) throw badRequest(`Expecting to find ${fields[0]} in user.`)
      const wanted = v3Body(given)
      const password = passwordOf(given)
      const hash = password === undefined ? undefined : await passwordHash(cloud, password)
      const row = await write(async (tx) => {
        const changed = await changeUser(cloud, tx, user, wanted, hash, now)
        if (changed.default_project_id !== user.default_project_id) await joinTenant(cloud, tx, changed)
        return changed
      })
      return { user: userView(row) }
    },
  })

const OwnPassword = Type.Object({
  user: Type.Object({ password: SecretText({ minLength: 1, maxLength: 4096 }), original_password: SecretText({ maxLength: 4096 }) }),
})

const changeOwn = operation({
  ...v2,
  id: 'v2.users.change-password',
  method: 'PATCH',
  path: '/OS-KSCRUD/users/{user_id}',
  summary: 'Change own password',
  catalog: [],
  body: OwnPassword,
  transaction: 'none',
  policy: rule('identity:change_password', '', 'Change the own password.'),
  guard: refuseDirectoryUser,
  policyTarget: () => ({}),
  answer: Access,
  async handle({ cloud, request, params, body, who, now }) {
    if (params.user_id !== who.user.id) throw forbidden('Only the own password can be changed here.')
    await changeOwnPassword(cloud, who.user.id, body.user.original_password, body.user.password, now)
    // All tokens ended with the old password: the answer brings a new one for the same tenant.
    const row = (await findUser(cloud.database.read, who.user.id))!
    const proof = { userId: row.id, epoch: row.token_epoch, methods: who.methods, defaultProjectId: null }
    const { token, who: now_ } = await issueToken(
      cloud,
      proof,
      await findScope(cloud, who.project ? { project: { id: who.project.id } } : 'unscoped', proof),
    )
    return accessView(cloud, token, now_, (url) => cloud.endpoints.shown(url, request))
  },
})

const tenantNames = ['tenantId', 'tenant_id']
const ksadm = 'identity-v2.0-ext.os-ksadm-admin-extension'
export const v2Users = [
  create,
  list,
  changeOwn,
  change('v2.users.update', '/users/{user_id}', null, 'Update user', ['identity-v2.0-admin.users.update-user', `${ksadm}.update-user`]),
  change('v2.users.enable', '/users/{user_id}/OS-KSADM/enabled', ['enabled'], 'Enable user', [`${ksadm}.enable-user`]),
  change('v2.users.enable-short', '/users/{user_id}/enabled', ['enabled'], 'Enable user', []),
  change('v2.users.set-password', '/users/{user_id}/OS-KSADM/password', ['password'], 'Set password of user', []),
  change('v2.users.set-password-short', '/users/{user_id}/password', ['password'], 'Set password of user', []),
  change('v2.users.set-tenant', '/users/{user_id}/OS-KSADM/tenant', tenantNames, 'Set tenant of user', []),
  change('v2.users.set-tenant-short', '/users/{user_id}/tenant', tenantNames, 'Set tenant of user', []),
  operation({
    ...v2,
    id: 'v2.users.show',
    method: 'GET',
    path: '/users/{user_id}',
    summary: 'Get user information by ID',
    catalog: ['identity-v2.0-admin.users.get-user-information-by-id'],
    on: user,
    policy: userRules.get,
    prepare: freshenUser,
    answer: One,
    handle: async ({ user }) => ({ user: userView(user) }),
  }),
  operation({
    ...v2,
    id: 'v2.users.delete',
    method: 'DELETE',
    path: '/users/{user_id}',
    summary: 'Delete user',
    catalog: ['identity-v2.0-admin.users.delete-user', `${ksadm}.delete-user`],
    status: 204,
    on: user,
    policy: userRules.delete,
    guard: refuseDirectoryUser,
    answer: One,
    async handle({ cloud, tx, user, now }) {
      await deleteUsers(tx.db, [user.id])
      await tellIdentity(cloud, tx, 'user', 'deleted', user.id)
      await noteRevocation(tx.db, now, { user_id: user.id })
    },
  }),
]
