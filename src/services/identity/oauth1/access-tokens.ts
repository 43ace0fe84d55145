// Access tokens that a user has given (reference 7.3.8 to 7.3.12). The reference has them below the extension, clients below the user.
import { type Static, Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import type { AccessTokenRow } from '../../../auth/delegation-tables.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import { missing } from '../attributes.ts'
import { collection, listed, WholeCollection, wholeCollection } from '../collection.ts'
import { fullTime } from '../delegations/expiry.ts'
import { ensureOwnAuthority } from '../delegations/own-authority.ts'
import { RoleRef } from '../roles/roles.ts'
import { rolesById } from '../roles/store.ts'
import { cloudRule } from '../rules.ts'
import { accessTokenQuery, deleteAccessToken, findAccessToken } from './store.ts'

const target = (userId: string) => ({ user_id: userId })
const accessToken = resource<'accessToken', AccessTokenRow>({
  name: 'accessToken',
  param: 'access_token_id',
  async load(id, context) {
    const row = await findAccessToken(context.db, id)
    return row?.authorizing_user_id === (context as unknown as { params: { user_id: string } }).params.user_id ? row : undefined
  },
  target: (row) => target(row.authorizing_user_id),
  missing: missing('Access Token'),
})

const rules = {
  list: cloudRule('identity:list_access_tokens', 'rule:admin_or_owner', 'List access tokens of a user.'),
  get: cloudRule('identity:get_access_token', 'rule:admin_or_owner', 'Show an access token.'),
  delete: cloudRule('identity:delete_access_token', 'rule:admin_or_owner', 'Revoke an access token.'),
  listRoles: cloudRule('identity:list_access_token_roles', 'rule:admin_or_owner', 'List the roles of an access token.'),
  getRole: cloudRule('identity:get_access_token_role', 'rule:admin_or_owner', 'Show a role of an access token.'),
}

const place = (row: Pick<AccessTokenRow, 'authorizing_user_id' | 'id'>) =>
  `/users/${row.authorizing_user_id}/OS-OAUTH1/access_tokens/${row.id}`
const AccessToken = Type.Object({
  id: Type.String(),
  consumer_id: Type.String(),
  authorizing_user_id: Type.String(),
  project_id: Type.String(),
  expires_at: Nullable(Type.String()),
  links: Type.Object({ self: Type.String(), roles: Type.String() }),
})
const tokenList = collection({
  many: 'access_tokens',
  path: '/users/{user_id}/OS-OAUTH1/access_tokens',
  filters: {},
  sortKeys: [],
  defaultSort: ['created_at'],
})

const view = (row: AccessTokenRow, { href }: { href(path: string): string }): Static<typeof AccessToken> => ({
  id: row.id,
  consumer_id: row.consumer_id,
  authorizing_user_id: row.authorizing_user_id,
  project_id: row.project_id,
  expires_at: fullTime(row.expires_at),
  links: { self: href(place(row)), roles: href(`${place(row)}/roles`) },
})
const rolesOf = async (row: AccessTokenRow, { db, href }: BaseContext): Promise<Static<typeof RoleRef>[]> =>
  (await rolesById(db, row.role_ids)).map(({ id, name }) => ({ id, name, links: { self: href(`/roles/${id}`) } }))

type Root = '/users/{user_id}/OS-OAUTH1/access_tokens'

function operationsAt(root: Root, prefix: string, documented: boolean) {
  const ids = (name: string) => (documented ? [`identity-v3-ext.oauth-extension.${name}`] : [])
  const common = { majors: ['v3'] } as const
  const one = { ...common, path: `${root}/{access_token_id}`, on: accessToken } as const
  return [
    operation({
      ...common,
      id: `${prefix}.list`,
      method: 'GET',
      path: root,
      summary: 'List authorized access tokens',
      catalog: ids('list-authorized-access-tokens'),
      policy: rules.list,
      query: tokenList.query,
      answer: tokenList.answer(AccessToken),
      policyTarget: ({ params }) => target(params.user_id),
      async handle(context) {
        ensureOwnAuthority(context.who)
        return listed<AccessTokenRow>(context, tokenList, accessTokenQuery(context.db, context.params.user_id), (rows) =>
          rows.map((row) => view(row, context)),
        )
      },
    }),
    operation({
      ...one,
      id: `${prefix}.show`,
      method: 'GET',
      summary: 'Get authorized access token',
      catalog: ids('get-authorized-access-token'),
      policy: rules.get,
      answer: Type.Object({ access_token: AccessToken }),
      async handle(context) {
        ensureOwnAuthority(context.who)
        return { access_token: view(context.accessToken, context) }
      },
    }),
    operation({
      ...one,
      id: `${prefix}.delete`,
      method: 'DELETE',
      summary: 'Revoke access token',
      catalog: ids('revoke-access-token'),
      status: 204,
      policy: rules.delete,
      async handle({ tx, accessToken, now, who }) {
        ensureOwnAuthority(who)
        await deleteAccessToken(tx.db, accessToken.id)
        await noteRevocation(tx.db, now, { access_token_id: accessToken.id })
      },
    }),
    operation({
      ...one,
      id: `${prefix}.roles.list`,
      method: 'GET',
      path: `${root}/{access_token_id}/roles`,
      summary: 'List roles for an access token',
      catalog: ids('list-roles-for-an-access-token'),
      policy: rules.listRoles,
      answer: WholeCollection('roles', RoleRef),
      async handle(context) {
        ensureOwnAuthority(context.who)
        return wholeCollection(context, 'roles', `${place(context.accessToken)}/roles`, await rolesOf(context.accessToken, context))
      },
    }),
    operation({
      ...one,
      id: `${prefix}.roles.show`,
      method: 'GET',
      path: `${root}/{access_token_id}/roles/{role_id}`,
      summary: 'Show role details for an access token',
      catalog: ids('show-role-details-for-an-access-token'),
      policy: rules.getRole,
      answer: Type.Object({ role: RoleRef }),
      async handle(context) {
        ensureOwnAuthority(context.who)
        const { role_id } = context.params
        const role = (await rolesOf(context.accessToken, context)).find(({ id }) => id === role_id)
        if (!role) throw notFound(missing('role')(role_id))
        return { role }
      },
    }),
  ]
}

export const accessTokens = [
  ...operationsAt('/users/{user_id}/OS-OAUTH1/access_tokens', 'access-tokens', false),
  ...operationsAt('/OS-OAUTH1/users/{user_id}/access_tokens' as string as Root, 'access-tokens-of-extension', true),
]
