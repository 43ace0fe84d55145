// Trusts (reference 7.4): a user lets another act with some of the own roles in a project.
import { type Static, Type } from 'typebox'
import { type BaseContext, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import { findTrust } from '../../../auth/delegation.ts'
import type { Trust as Row } from '../../../auth/delegation-tables.ts'
import { missing, SelfLink } from '../attributes.ts'
import { fullTime } from '../delegations/expiry.ts'
import { Role, roleView } from '../roles/roles.ts'
import { rolesById } from '../roles/store.ts'
import { adminOrSystemReader, cloudRule } from '../rules.ts'

export const trustTarget = (row: { trustor_user_id?: string; trustee_user_id?: string }) => ({
  target: { trust: { trustor_user_id: row.trustor_user_id, trustee_user_id: row.trustee_user_id } },
})

/** Found while it can be used. */
export const trust = resource<'trust', Row>({
  name: 'trust',
  param: 'trust_id',
  async load(id, { db, now }) {
    const row = await findTrust(db, id)
    return row && row.remaining_uses !== 0 && (row.expires_at === null || row.expires_at > now) ? row : undefined
  },
  target: trustTarget,
  missing: missing('trust'),
})

const trustor = 'user_id:%(target.trust.trustor_user_id)s'
const trustee = 'user_id:%(target.trust.trustee_user_id)s'
const either = `(rule:admin_required) or (role:reader and system_scope:all or ${trustor} or ${trustee})`
export const trustRules = {
  create: cloudRule('identity:create_trust', trustor, 'Create a trust.'),
  get: cloudRule('identity:get_trust', either, 'Show a trust.'),
  list: cloudRule('identity:list_trusts', adminOrSystemReader, 'List all trusts.'),
  delete: cloudRule('identity:delete_trust', `rule:admin_required or ${trustor}`, 'Delete a trust.'),
  listRoles: cloudRule('identity:list_roles_for_trust', either, 'List the roles of a trust.'),
  getRole: cloudRule('identity:get_role_for_trust', either, 'Show a role of a trust.'),
}
/** What decides about a list of trusts with a filter. */
export const listRules = {
  trustor: cloudRule(
    'identity:list_trusts_for_trustor',
    `(rule:admin_required) or (role:reader and system_scope:all or ${trustor})`,
    'List trusts of a trustor.',
  ),
  trustee: cloudRule(
    'identity:list_trusts_for_trustee',
    `(rule:admin_required) or (role:reader and system_scope:all or ${trustee})`,
    'List trusts of a trustee.',
  ),
}
export const trustFilterRules = Object.values(listRules)

const shown = {
  id: Type.String(),
  trustor_user_id: Type.String(),
  trustee_user_id: Type.String(),
  project_id: Nullable(Type.String()),
  impersonation: Type.Boolean(),
  expires_at: Nullable(Type.String()),
  deleted_at: Type.Null(),
  remaining_uses: Nullable(Type.Integer()),
  redelegated_trust_id: Nullable(Type.String()),
  redelegation_count: Type.Integer(),
  links: SelfLink,
}
/** A trust as lists have it (reference 7.4). */
export const ListedTrust = Type.Object(shown)
/** A trust as it is shown by itself. */
export const Trust = Type.Object({
  ...shown,
  roles: Type.Array(Role),
  roles_links: Type.Object({ self: Type.String(), previous: Type.Null(), next: Type.Null() }),
})

export const listedTrust = (row: Row, { href }: BaseContext): Static<typeof ListedTrust> => ({
  id: row.id,
  trustor_user_id: row.trustor_user_id,
  trustee_user_id: row.trustee_user_id,
  project_id: row.project_id,
  impersonation: row.impersonation,
  expires_at: fullTime(row.expires_at),
  deleted_at: null,
  remaining_uses: row.remaining_uses,
  redelegated_trust_id: row.redelegated_trust_id,
  redelegation_count: row.redelegation_count,
  links: { self: href(`/OS-TRUST/trusts/${row.id}`) },
})

export const trustRoles = async (row: Row, context: BaseContext): Promise<Static<typeof Role>[]> =>
  (await rolesById(context.db, row.role_ids)).map((role) => roleView(role, context))

export async function trustView(row: Row, context: BaseContext): Promise<Static<typeof Trust>> {
  const self = context.href(`/OS-TRUST/trusts/${row.id}/roles`)
  return { ...listedTrust(row, context), roles: await trustRoles(row, context), roles_links: { self, previous: null, next: null } }
}
