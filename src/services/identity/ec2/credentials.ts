// EC2 credentials of users, as today's clients have them: access and secret key for one project.
import { createHash } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Closed, Nullable } from '../../../api/types.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import type { CredentialRow } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { Id, missing, SelfLink } from '../attributes.ts'
import { WholeCollection, wholeCollection } from '../collection.ts'
import { ec2Id, ec2Keys, encryptBlob } from '../credentials/blob.ts'
import { credentialQuery, deleteCredential, findCredential, insertCredential } from '../credentials/store.ts'
import { ensureOwnAuthority } from '../delegations/own-authority.ts'
import { adminOrSystemReader, cloudRule } from '../rules.ts'

/** The keys of an access key; undefined when there are none. */
export const findByAccess = (db: Db, access: string) => findCredential(db, createHash('sha256').update(access).digest('hex'))

/** New keys of the user for the project. */
export async function makeKeys(cloud: Cloud, db: Db, userId: string, projectId: string, now: string): Promise<CredentialRow> {
  const { environment } = cloud
  const blob = JSON.stringify({ access: environment.hexId(), secret: environment.hexId() })
  const row: CredentialRow = {
    id: ec2Id(blob),
    type: 'ec2',
    user_id: userId,
    project_id: projectId,
    encrypted_blob: encryptBlob(cloud, blob),
    delegation_id: environment.hexId(),
    extra: {},
    created_at: now,
  }
  await insertCredential(db, row)
  return row
}

const target = (userId: string) => ({ user_id: userId, target: { credential: { user_id: userId } } })

const keys = resource<'keys', CredentialRow>({
  name: 'keys',
  param: 'credential_id',
  // Whoever the path names: the rule asks for the owner of the keys.
  async load(id, { db }) {
    const row = await findByAccess(db, id)
    return row?.type === 'ec2' ? row : undefined
  },
  target: (row) => target(row.user_id),
  missing: missing('credential'),
})

const owner = 'user_id:%(target.credential.user_id)s'
export const ec2Rules = {
  get: cloudRule('identity:ec2_get_credential', `${adminOrSystemReader} or ${owner}`, 'Show EC2 credentials.'),
  list: cloudRule('identity:ec2_list_credentials', `${adminOrSystemReader} or rule:owner`, 'List EC2 credentials.'),
  create: cloudRule('identity:ec2_create_credential', `(rule:admin_required) or (role:member and ${owner})`, 'Create EC2 credentials.'),
  delete: cloudRule('identity:ec2_delete_credential', `(rule:admin_required) or (role:member and ${owner})`, 'Delete EC2 credentials.'),
}

const path = (userId: string) => `/users/${userId}/credentials/OS-EC2`
const Keys = Type.Object({
  // Null where the credential was changed into something that is no pair of keys.
  access: Nullable(Type.String()),
  secret: Nullable(Type.String()),
  user_id: Type.String(),
  tenant_id: Nullable(Type.String()),
  trust_id: Type.Null(),
  links: SelfLink,
})

const view = (row: CredentialRow, { cloud, href }: BaseContext): Static<typeof Keys> => {
  const { access = null, secret = null } = ec2Keys(cloud, row) ?? {}
  return {
    access,
    secret,
    user_id: row.user_id,
    tenant_id: row.project_id,
    trust_id: null,
    links: { self: href(`${path(row.user_id)}/${access}`) },
  }
}

// v2.0 has them at the same place.
const common = { majors: ['v3', 'v2.0'], catalog: [] as string[] } as const
const all = { ...common, path: '/users/{user_id}/credentials/OS-EC2' } as const
const one = { ...common, path: '/users/{user_id}/credentials/OS-EC2/{credential_id}', on: keys } as const

export const ec2Credentials = [
  operation({
    ...all,
    id: 'ec2-credentials.list',
    method: 'GET',
    summary: 'List EC2 credentials of a user',
    policy: ec2Rules.list,
    policyTarget: ({ params }) => target(params.user_id),
    answer: WholeCollection('credentials', Keys),
    async handle(context) {
      ensureOwnAuthority(context.who)
      const { user_id } = context.params
      const rows = await credentialQuery(context.db, user_id).where('type', '=', 'ec2').orderBy('created_at').orderBy('id').execute()
      return wholeCollection(
        context,
        'credentials',
        path(user_id),
        rows.map((row) => view(row, context)),
      )
    },
  }),
  operation({
    ...all,
    id: 'ec2-credentials.create',
    method: 'POST',
    summary: 'Create EC2 credentials',
    body: Closed({ tenant_id: Id }),
    status: { first: 200, v3: 201 },
    policy: ec2Rules.create,
    policyTarget: ({ params }) => target(params.user_id),
    answer: Type.Object({ credential: Keys }),
    async handle(context) {
      const { cloud, tx, who, params, body, now } = context
      ensureOwnAuthority(who)
      if (!(await findUser(tx.db, params.user_id))) throw notFound(missing('user')(params.user_id))
      if (!(await findProject(tx.db, body.tenant_id))) throw notFound(missing('project')(body.tenant_id))
      const row = await makeKeys(cloud, tx.db, params.user_id, body.tenant_id, now)
      return { credential: view(row, context) }
    },
  }),
  operation({
    ...one,
    id: 'ec2-credentials.show',
    method: 'GET',
    summary: 'Show EC2 credentials',
    policy: ec2Rules.get,
    answer: Type.Object({ credential: Keys }),
    async handle(context) {
      ensureOwnAuthority(context.who)
      return { credential: view(context.keys, context) }
    },
  }),
  operation({
    ...one,
    id: 'ec2-credentials.delete',
    method: 'DELETE',
    summary: 'Delete EC2 credentials',
    status: 204,
    policy: ec2Rules.delete,
    async handle({ tx, keys, who }) {
      ensureOwnAuthority(who)
      await deleteCredential(tx.db, keys.id)
    },
  }),
]
