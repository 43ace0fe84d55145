import { type Static, Type } from 'typebox'
import { badRequest, conflict, notBuilt, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { Closed, Nullable } from '../../../api/types.ts'
import { since, until } from '../../../api/versions.ts'
import { rule } from '../../../auth/policy.ts'
import { asClient } from '../../../threads.ts'
import { quotaFault } from '../faults.ts'
import { adminOrUser } from '../rules.ts'
import { generateSshKey, readPublicKey } from './ssh-key.ts'
import { deleteKeypair, findKeypair, insertKeypair, type Keypair, keypairsOf } from './store.ts'

const UserId = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9-]+$' })
const CreateKeypair = Closed({
  keypair: Closed({
    name: Type.String({ minLength: 1, maxLength: 255, pattern: '^(?=.*\\S)[a-zA-Z0-9_\\- ]+$' }),
    public_key: Type.Optional(Type.String({ maxLength: 65535 })),
    type: Type.Optional(since('2.2', Type.Unsafe<string>({ enum: ['ssh', 'x509'] }))),
    user_id: Type.Optional(since('2.10', UserId)),
  }),
})
const ByUser = Type.Object({ user_id: Type.Optional(since('2.10', UserId)) })

const type = since('2.2', Type.Unsafe<string>({ enum: ['ssh', 'x509'] }))
const Brief = Type.Object({ name: Type.String(), public_key: Type.String(), fingerprint: Type.String(), type })
const Shown = Type.Object({
  ...Brief.properties,
  user_id: Type.String(),
  id: Type.Integer(),
  created_at: Type.String(),
  deleted: Type.Boolean(),
  deleted_at: Nullable(Type.String()),
  updated_at: Nullable(Type.String()),
})
const Created = Type.Object({
  ...Brief.properties,
  user_id: Type.String(),
  /** Of a pair that was made here; it is kept nowhere. */
  private_key: Type.Optional(until('2.91', Type.String())),
})

const brief = (row: Keypair): Static<typeof Brief> => ({
  name: row.name,
  public_key: row.public_key,
  fingerprint: row.fingerprint,
  type: row.type,
})
const missing = (name: string, user: string) => notFound(`Keypair ${name.slice(0, 255)} not found for user ${user}`)
/** Whose keys: the asker's own, or from 2.10 on another user's (an administrator's right). */
const owner = ({ query, who }: { who: { user: { id: string } }; query: { user_id?: string } }) => query.user_id ?? who.user.id

const list = operation({
  id: 'keypairs.list',
  method: 'GET',
  path: '/os-keypairs',
  summary: 'List key pairs',
  catalog: ['compute-v2.1.keypairs.list-keypairs'],
  policy: rule('os_compute_api:os-keypairs:index', adminOrUser, 'List key pairs.'),
  policyTarget: (context) => ({ user_id: owner(context) }),
  query: ByUser,
  answer: Type.Object({ keypairs: Type.Array(Type.Object({ keypair: Brief })) }),
  handle: async (context) => ({ keypairs: (await keypairsOf(context.db, owner(context))).map((row) => ({ keypair: brief(row) })) }),
})

const show = operation({
  id: 'keypairs.show',
  method: 'GET',
  path: '/os-keypairs/{keypair_name}',
  summary: 'Show a key pair',
  catalog: ['compute-v2.1.keypairs.show-keypair-information'],
  policy: rule('os_compute_api:os-keypairs:show', adminOrUser, 'Show a key pair.'),
  policyTarget: (context) => ({ user_id: owner(context) }),
  query: ByUser,
  answer: Type.Object({ keypair: Shown }),
  async handle(context) {
    const user = owner(context)
    const row = await findKeypair(context.db, user, context.params.keypair_name)
    if (!row) throw missing(context.params.keypair_name, user)
    const { seq: id, user_id, created_at } = row
    return {
      keypair: { ...brief(row), user_id, id, created_at: created_at.slice(0, -1), deleted: false, deleted_at: null, updated_at: null },
    }
  },
})

const create = operation({
  id: 'keypairs.create',
  method: 'POST',
  path: '/os-keypairs',
  summary: 'Create or import a key pair',
  catalog: ['compute-v2.1.keypairs.create-or-import-keypair'],
  policy: rule('os_compute_api:os-keypairs:create', adminOrUser, 'Create or import a key pair.'),
  policyTarget: ({ body, who, at }) => ({ user_id: (at('2.10') ? body.keypair.user_id : undefined) ?? who.user.id }),
  body: CreateKeypair,
  status: { first: 200, '2.2': 201 },
  answer: Type.Object({ keypair: Created }),
  transaction: 'none',
  quota: { 'compute.key_pairs': 'handler' },
  async handle({ body, who, cloud, now, db, write }) {
    const { name, public_key, type: kind = 'ssh', user_id = who.user.id } = body.keypair
    if (kind !== 'ssh') throw notBuilt('A key pair of type x509')
    const taken = () => conflict(`Key pair '${name}' already exists.`)
    // A pair costs much to make: what cannot be kept is refused before.
    if (await findKeypair(db, user_id, name)) throw taken()
    const { limit } = (await cloud.quota.show(db, who.project?.id ?? '', 'compute.')).key_pairs!
    const { in_use } = (await cloud.quota.show(db, user_id, 'compute.')).key_pairs!
    if (limit >= 0 && in_use >= limit) throw quotaFault('key_pairs', limit, in_use, 1)
    const made = public_key === undefined ? await asClient(who.user.id, generateSshKey) : null
    const key = made ?? readPublicKey(public_key!)
    if (!key) throw badRequest('Keypair data is invalid: failed to generate fingerprint')
    await write(async (tx) => {
      if (await findKeypair(tx.db, user_id, name)) throw taken()
      await cloud.quota.take(tx, user_id, { 'compute.key_pairs': 1 }, who.project?.id)
      await insertKeypair(tx.db, { user_id, name, type: kind, public_key: key.publicKey, fingerprint: key.fingerprint, created_at: now })
    })
    const shown = { name, type: kind, public_key: key.publicKey, fingerprint: key.fingerprint, user_id }
    return { keypair: made ? { ...shown, private_key: made.privateKey } : shown }
  },
})

const remove = operation({
  id: 'keypairs.delete',
  method: 'DELETE',
  path: '/os-keypairs/{keypair_name}',
  summary: 'Delete a key pair',
  catalog: ['compute-v2.1.keypairs.delete-keypair'],
  policy: rule('os_compute_api:os-keypairs:delete', adminOrUser, 'Delete a key pair.'),
  policyTarget: (context) => ({ user_id: owner(context) }),
  query: ByUser,
  status: { first: 202, '2.2': 204 },
  async handle(context) {
    const { tx, cloud } = context
    const user = owner(context)
    const row = await findKeypair(tx.db, user, context.params.keypair_name)
    if (!row || !(await deleteKeypair(tx.db, row.seq))) throw missing(context.params.keypair_name, user)
    await cloud.quota.count(tx, user, { 'compute.key_pairs': -1 })
  },
})

/** Key pairs (reference 3.16) belong to a user, in all projects. */
export const keypairOperations = [list, show, create, remove]
