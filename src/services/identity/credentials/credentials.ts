// Credentials (reference 6.9): secrets that users keep here for other ways to prove who they are.
import { type Static, Type } from 'typebox'
import { badRequest, forbidden, notFound } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import type { CredentialRow } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { Extended, ensureSameId, extraOf, Id, mergeExtra, missing, SelfLink } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { ensureOwnAuthority } from '../delegations/own-authority.ts'
import { base32 } from '../tokens/totp.ts'
import { decryptBlob, ec2Id, encryptBlob } from './blob.ts'
import { credentialQuery, deleteCredential, findCredential, insertCredential, updateCredential } from './store.ts'

const attributes = {
  blob: Type.String({ maxLength: 16384 }),
  type: Type.String({ minLength: 1, maxLength: 255 }),
  user_id: Type.Optional(Id),
  project_id: Type.Optional(Type.Union([Id, Type.Null()])),
}
const Create = Type.Object({ credential: Type.Object(attributes) })
const Update = Type.Object({ credential: Type.Partial(Type.Object(attributes), { minProperties: 1 }) })
const known = Object.keys(attributes)

const targetOf = (user_id: string | undefined) => ({ target: { credential: { user_id } } })
const credential = resource<'credential', CredentialRow>({
  name: 'credential',
  param: 'credential_id',
  load: (id, { db }) => findCredential(db, id),
  target: (row) => targetOf(row.user_id),
  missing: missing('credential'),
  hidden: true,
})

const owner = 'user_id:%(target.credential.user_id)s'
const readers = `(rule:admin_required) or (role:reader and system_scope:all) or ${owner}`
const changers = `(rule:admin_required) or ${owner}`
const rules = {
  get: rule('identity:get_credential', readers, 'Show credential details.'),
  list: rule('identity:list_credentials', readers, 'List credentials; of others only for those who may see them.'),
  create: rule('identity:create_credential', changers, 'Create a credential.'),
  update: rule('identity:update_credential', changers, 'Update a credential.'),
  delete: rule('identity:delete_credential', changers, 'Delete a credential.'),
}

/** A credential as it is shown (reference 6.9). */
const Credential = Extended({
  id: Type.String(),
  type: Type.String(),
  user_id: Type.String(),
  project_id: Nullable(Type.String()),
  blob: Type.String(),
  links: SelfLink,
})
const credentialList = collection({
  many: 'credentials',
  filters: { user_id: 'user_id', type: 'type' },
  sortKeys: ['type'],
  defaultSort: ['created_at'],
})

const view = (row: CredentialRow, { href, cloud }: { href(path: string): string; cloud: Cloud }): Static<typeof Credential> => ({
  ...row.extra,
  id: row.id,
  type: row.type,
  user_id: row.user_id,
  project_id: row.project_id,
  blob: decryptBlob(cloud, row.encrypted_blob),
  links: { self: href(`/credentials/${row.id}`) },
})

/** Throws 400 for a TOTP secret that is not base32 or can be guessed. */
function ensureSecret(blob: string): void {
  if (base32(blob).length < 10) throw badRequest('Invalid blob in credential: a TOTP secret has at least 16 letters of base32.')
}

const list = operation({
  id: 'credentials.list',
  method: 'GET',
  path: '/credentials',
  majors: ['v3'],
  summary: 'List credentials',
  catalog: ['identity-v3.credentials.list-credentials'],
  policy: rules.list,
  policyTarget: ({ who }) => targetOf(who.user.id),
  query: credentialList.query,
  answer: credentialList.answer(Credential),
  async handle(context) {
    ensureOwnAuthority(context.who)
    const all = context.allows('identity:list_credentials', {})
    return listed(context, credentialList, credentialQuery(context.db, all ? undefined : context.who.user.id), (rows) =>
      rows.map((row) => view(row, context)),
    )
  },
})

const show = operation({
  id: 'credentials.show',
  method: 'GET',
  path: '/credentials/{credential_id}',
  majors: ['v3'],
  summary: 'Show credential details',
  catalog: ['identity-v3.credentials.show-credential-details'],
  on: credential,
  policy: rules.get,
  answer: Type.Object({ credential: Credential }),
  async handle(context) {
    ensureOwnAuthority(context.who)
    return { credential: view(context.credential, context) }
  },
})

const create = operation({
  id: 'credentials.create',
  method: 'POST',
  path: '/credentials',
  majors: ['v3'],
  summary: 'Create credential',
  catalog: ['identity-v3.credentials.create-credential'],
  body: Create,
  status: 201,
  policy: rules.create,
  policyTarget: ({ body, who }) => targetOf(body.credential.user_id ?? who.user.id),
  answer: Type.Object({ credential: Credential }),
  async handle(context) {
    const {
      cloud,
      tx,
      body: { credential },
      who,
      now,
    } = context
    const { type, blob, project_id = null } = credential
    ensureOwnAuthority(who)
    const user_id = credential.user_id ?? who.user.id
    if (!(await findUser(tx.db, user_id))) throw notFound(missing('user')(user_id))
    if (project_id && !(await findProject(tx.db, project_id))) throw notFound(missing('project')(project_id))
    if (type === 'ec2' && !project_id) throw badRequest('An EC2 credential needs a project_id.')
    if (type === 'totp') ensureSecret(blob)
    const id = type === 'ec2' ? ec2Id(blob) : cloud.environment.hexId()
    const row: CredentialRow = {
      id,
      type,
      user_id,
      project_id,
      encrypted_blob: encryptBlob(cloud, blob),
      delegation_id: cloud.environment.hexId(),
      extra: extraOf(credential, known),
      created_at: now,
    }
    await insertCredential(tx.db, row)
    return { credential: view(row, context) }
  },
})

const update = operation({
  id: 'credentials.update',
  method: 'PATCH',
  path: '/credentials/{credential_id}',
  majors: ['v3'],
  summary: 'Update credential',
  catalog: ['identity-v3.credentials.update-credential'],
  body: Update,
  on: credential,
  policy: rules.update,
  answer: Type.Object({ credential: Credential }),
  async handle(context) {
    const { cloud, tx, body, credential, allows } = context
    const { type, blob, user_id, project_id } = body.credential
    ensureOwnAuthority(context.who)
    ensureSameId(credential.id, body.credential)
    // The rule saw whose it is; whose it becomes must be allowed as well.
    if (user_id !== undefined && user_id !== credential.user_id) {
      if (!allows('identity:update_credential', targetOf(user_id)))
        throw forbidden('You are not authorized to perform the requested action: identity:update_credential.')
      if (!(await findUser(tx.db, user_id))) throw notFound(missing('user')(user_id))
    }
    if (project_id && !(await findProject(tx.db, project_id))) throw notFound(missing('project')(project_id))
    const kind = type ?? credential.type
    if (kind === 'ec2' && !(project_id === undefined ? credential.project_id : project_id))
      throw badRequest('An EC2 credential needs a project_id.')
    // The id stays that of the first access key, as upstream; the new blob must still have one.
    if (kind === 'totp') ensureSecret(blob ?? decryptBlob(cloud, credential.encrypted_blob))
    if (kind === 'ec2') ec2Id(blob ?? decryptBlob(cloud, credential.encrypted_blob))
    const before = { ...credential, blob: decryptBlob(cloud, credential.encrypted_blob) }
    // Tokens by the keys of before end: they were proven by another secret, or for something else.
    const isOther = (['type', 'user_id', 'project_id', 'blob'] as const).some(
      (name) => body.credential[name] !== undefined && body.credential[name] !== before[name],
    )
    const row = await updateCredential(tx.db, credential.id, {
      ...(type === undefined ? {} : { type }),
      ...(user_id === undefined ? {} : { user_id }),
      ...(project_id === undefined ? {} : { project_id }),
      ...(blob === undefined ? {} : { encrypted_blob: encryptBlob(cloud, blob) }),
      ...(isOther ? { delegation_id: cloud.environment.hexId() } : {}),
      extra: mergeExtra(credential.extra, body.credential, known),
    })
    return { credential: view(row, context) }
  },
})

const remove = operation({
  id: 'credentials.delete',
  method: 'DELETE',
  path: '/credentials/{credential_id}',
  majors: ['v3'],
  summary: 'Delete credential',
  catalog: ['identity-v3.credentials.delete-credential'],
  status: 204,
  on: credential,
  policy: rules.delete,
  async handle({ tx, credential, who }) {
    ensureOwnAuthority(who)
    await deleteCredential(tx.db, credential.id)
  },
})

export const credentials = [list, show, create, update, remove]
