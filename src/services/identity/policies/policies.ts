// Policies (reference 6.11): texts that services may keep here; what they say is not enforced by identity.
import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import type { PolicyRow } from '../../../auth/delegation-tables.ts'
import { ensureSameId, extraOf, mergeExtra } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { policyAssociations } from './associations.ts'
import { Policy, policy, policyView } from './resource.ts'
import { dropAssociations } from './store.ts'

const Blob = Type.Unsafe<unknown>({
  anyOf: [
    { type: 'string', maxLength: 65535 },
    { type: 'object', maxProperties: 1000 },
  ],
})
const Kind = Type.String({ minLength: 1, maxLength: 255 })
const Create = Type.Object({ policy: Type.Object({ blob: Blob, type: Kind }) })
const Update = Type.Object({
  policy: Type.Object({ blob: Type.Optional(Blob), type: Type.Optional(Kind) }, { minProperties: 1 }),
})
const known = ['blob', 'type']

const common = { majors: ['v3'] } as const
const one = { ...common, path: '/policies/{policy_id}', on: policy } as const
const ids = (name: string) => [`identity-v3.policies.${name}`]

const policyList = collection({ many: 'policies', filters: { type: 'type' }, sortKeys: ['type'], defaultSort: ['created_at'] })

const list = operation({
  ...common,
  id: 'policies.list',
  method: 'GET',
  path: '/policies',
  summary: 'List policies',
  catalog: ids('list-policies'),
  policy: cloudRule('identity:list_policies', adminOrSystemReader, 'List policies.'),
  query: policyList.query,
  answer: policyList.answer(Policy),
  handle: (context) =>
    listed<PolicyRow>(context, policyList, context.db.selectFrom('identity_policies').selectAll(), (rows) =>
      rows.map((row) => policyView(row, context)),
    ),
})

const show = operation({
  ...one,
  id: 'policies.show',
  method: 'GET',
  summary: 'Show policy details',
  catalog: ids('show-policy-details'),
  policy: cloudRule('identity:get_policy', adminOrSystemReader, 'Show policy details.'),
  answer: Type.Object({ policy: Policy }),
  handle: async (context) => ({ policy: policyView(context.policy, context) }),
})

const create = operation({
  ...common,
  id: 'policies.create',
  method: 'POST',
  path: '/policies',
  summary: 'Create policy',
  catalog: ids('create-policy'),
  body: Create,
  status: 201,
  policy: cloudRule('identity:create_policy', adminRequired, 'Create a policy.'),
  answer: Type.Object({ policy: Policy }),
  async handle(context) {
    const { tx, now, cloud, body } = context
    const { blob, type } = body.policy
    const row = { id: cloud.environment.hexId(), type, policy_blob: blob, extra: extraOf(body.policy, known), created_at: now }
    await tx.db.insertInto('identity_policies').values(row).execute()
    return { policy: policyView(row, context) }
  },
})

const update = operation({
  ...one,
  id: 'policies.update',
  method: 'PATCH',
  summary: 'Update policy',
  catalog: ids('update-policy'),
  body: Update,
  policy: cloudRule('identity:update_policy', adminRequired, 'Update a policy.'),
  answer: Type.Object({ policy: Policy }),
  async handle(context) {
    const { tx, body, policy } = context
    ensureSameId(policy.id, body.policy)
    const row = {
      ...policy,
      type: body.policy.type ?? policy.type,
      policy_blob: body.policy.blob ?? policy.policy_blob,
      extra: mergeExtra(policy.extra, body.policy, known),
    }
    await tx.db
      .updateTable('identity_policies')
      .set({ type: row.type, policy_blob: row.policy_blob, extra: row.extra })
      .where('id', '=', policy.id)
      .execute()
    return { policy: policyView(row, context) }
  },
})

const remove = operation({
  ...one,
  id: 'policies.delete',
  method: 'DELETE',
  summary: 'Delete policy',
  catalog: ids('delete-policy'),
  status: 204,
  policy: cloudRule('identity:delete_policy', adminRequired, 'Delete a policy.'),
  async handle({ tx, policy }) {
    await dropAssociations(tx.db, 'policy_id', [policy.id])
    await tx.db.deleteFrom('identity_policies').where('id', '=', policy.id).execute()
  },
})

export const policies = [list, show, create, update, remove, ...policyAssociations]
