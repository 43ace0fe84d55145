// OS-KSEC2 and OS-KSS3 (reference 10.3, 10.4): one credential of each kind a user, kept encrypted with those of v3. A password is
// listed without its text, which nobody has.
import { Type } from 'typebox'
import { badRequest, conflict, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { CredentialRow, User } from '../../../auth/tables.ts'
import { Extended } from '../attributes.ts'
import { decryptBlob, encryptBlob } from '../credentials/blob.ts'
import { credentialQuery, deleteCredential, insertCredential, updateCredential } from '../credentials/store.ts'
import { ensureOwnAuthority } from '../delegations/own-authority.ts'
import { user, v2 } from './common.ts'
import { Paged } from './schema.ts'

const Word = Type.String({ minLength: 1, maxLength: 255 })
const Secret = Type.Object({ username: Word, secret: Type.String({ minLength: 1, maxLength: 1024 }), signature: Type.Optional(Word) })
/** With whatever was sent beside these. */
const ShownSecret = Extended({ username: Type.String(), secret: Type.String(), signature: Type.Optional(Type.String()) })
type Secret = { username: string; secret: string; signature?: string }

const admin = 'rule:admin_required'
const rules = {
  read: rule(
    'identity:get_credential',
    `(${admin}) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s`,
    'Show credential details.',
  ),
  list: rule(
    'identity:list_credentials',
    `(${admin}) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s`,
    'List credentials; of others only for those who may see them.',
  ),
  create: rule('identity:create_credential', `(${admin}) or user_id:%(target.credential.user_id)s`, 'Create a credential.'),
  update: rule('identity:update_credential', `(${admin}) or user_id:%(target.credential.user_id)s`, 'Update a credential.'),
  delete: rule('identity:delete_credential', `(${admin}) or user_id:%(target.credential.user_id)s`, 'Delete a credential.'),
}
/** As seen by rules of credentials. */
const owner = { ...user, target: (row: User) => ({ target: { credential: { user_id: row.id } } }) }

interface Kind {
  /** Of the row. */
  type: string
  /** Key in bodies. */
  key: string
  root: '/users/{user_id}/OS-KSADM/credentials' | '/users/{user_id}/OS-KSS3/credentials'
  last: string
  reference: string
  removal: string
}

const isKey = (key: string, text: string) => text === key || text === key.replace('-ec2', ':ec2')

function operationsOf({ type, key, root, last, reference, removal }: Kind) {
  const Body = Type.Object({ [key]: Secret })
  const Shown = Type.Object({ [key]: ShownSecret })
  /** One kind of credential, or that there is a password. */
  const Listed = Type.Union([Shown, Type.Object({ passwordCredentials: Type.Object({ username: Type.String() }) })])
  const ids = (name: string) => [`${reference}.${name}`]
  const find = ({ db }: BaseContext, userId: string): Promise<CredentialRow | undefined> =>
    credentialQuery(db, userId).where('type', '=', type).executeTakeFirst()
  async function found(context: BaseContext, userId: string): Promise<CredentialRow> {
    const row = await find(context, userId)
    if (!row) throw notFound(`Could not find credential: ${key} of user ${userId}.`)
    return row
  }
  const view = ({ cloud }: BaseContext, row: CredentialRow) => ({ [key]: JSON.parse(decryptBlob(cloud, row.encrypted_blob)) as Secret })
  const named = (row: User, body: unknown): Secret => {
    const secret = (body as Record<string, Secret>)[key]!
    if (secret.username !== row.name) throw badRequest('The username is not that of the user.')
    return secret
  }
  const password = (row: User) => (row.password_hash === null ? [] : [{ passwordCredentials: { username: row.name } }])
  const common = { ...v2, on: owner, path: root } as const
  const path = `${root}/${last}` as typeof root
  return [
    operation({
      ...common,
      id: `v2.${type}.list`,
      method: 'GET',
      summary: 'List credentials',
      catalog: ids('list-credentials'),
      policy: rules.list,
      answer: Paged('credentials', Listed),
      async handle(context) {
        ensureOwnAuthority(context.who)
        const row = await find(context, context.user.id)
        return { credentials: [...password(context.user), ...(row ? [view(context, row)] : [])], credentials_links: [] }
      },
    }),
    operation({
      ...common,
      id: `v2.${type}.create`,
      method: 'POST',
      summary: 'Grant credential to user',
      catalog: ids('grant-credential-to-user'),
      body: Body,
      status: 201,
      policy: rules.create,
      answer: Shown,
      async handle(context) {
        const { cloud, tx, user, body, now, who } = context
        ensureOwnAuthority(who)
        const secret = named(user, body)
        if (await find(context, user.id)) throw conflict(`The user has ${key} already.`)
        const row: CredentialRow = {
          id: cloud.environment.hexId(),
          type,
          user_id: user.id,
          project_id: null,
          encrypted_blob: encryptBlob(cloud, JSON.stringify(secret)),
          delegation_id: cloud.environment.hexId(),
          extra: {},
          created_at: now,
        }
        await insertCredential(tx.db, row)
        return view(context, row)
      },
    }),
    operation({
      ...common,
      path,
      id: `v2.${type}.show`,
      method: 'GET',
      summary: 'Get user credentials',
      catalog: ids('get-user-credentials'),
      policy: rules.read,
      answer: Shown,
      async handle(context) {
        ensureOwnAuthority(context.who)
        return view(context, await found(context, context.user.id))
      },
    }),
    operation({
      ...common,
      path,
      id: `v2.${type}.update`,
      method: 'POST',
      summary: 'Update user credentials',
      catalog: ids('update-user-credentials'),
      body: Body,
      policy: rules.update,
      answer: Shown,
      async handle(context) {
        const { cloud, tx, user, body, who } = context
        ensureOwnAuthority(who)
        const secret = named(user, body)
        const row = await found(context, user.id)
        return view(context, await updateCredential(tx.db, row.id, { encrypted_blob: encryptBlob(cloud, JSON.stringify(secret)) }))
      },
    }),
    operation({
      ...common,
      path,
      id: `v2.${type}.delete`,
      method: 'DELETE',
      summary: 'Delete user credentials',
      catalog: ids(removal),
      status: 204,
      policy: rules.delete,
      async handle(context) {
        ensureOwnAuthority(context.who)
        await deleteCredential(context.tx.db, (await found(context, context.user.id)).id)
      },
    }),
    operation({
      ...common,
      path: `${path}/{type}` as '/users/{user_id}/OS-KSADM/credentials/x/{type}',
      id: `v2.${type}.by-type`,
      method: 'GET',
      summary: 'List credentials by type',
      catalog: ids('list-credentials-by-type'),
      policy: rules.list,
      answer: Paged('credentials', Listed),
      async handle(context) {
        ensureOwnAuthority(context.who)
        const wanted = context.params.type
        const row = await find(context, context.user.id)
        const own = row && isKey(key, wanted) ? [view(context, row)] : []
        return { credentials: wanted === 'passwordCredentials' ? password(context.user) : own, credentials_links: [] }
      },
    }),
  ]
}

export const v2UserCredentials = [
  ...operationsOf({
    type: 'OS-KSEC2',
    key: 'OS-KSEC2-ec2Credentials',
    root: '/users/{user_id}/OS-KSADM/credentials',
    last: 'OS-KSEC2:ec2Credentials',
    reference: 'identity-v2.0-ext.os-ksec2-admin-extension',
    removal: 'delete-user-credentials',
  }),
  ...operationsOf({
    type: 'OS-KSS3',
    key: 'OS-KSS3:s3Credentials',
    root: '/users/{user_id}/OS-KSS3/credentials',
    last: 's3credentials',
    reference: 'identity-v2.0-ext.os-kss3-admin-extension',
    removal: 'revoke-user-credentials',
  }),
]
