import { type Static, Type } from 'typebox'
import { badRequest, forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import type { Trust } from '../../../auth/delegation-tables.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import { Id, missing } from '../attributes.ts'
import { boundedExpiry, Expiry } from '../delegations/expiry.ts'
import { ensureOwnAuthority } from '../delegations/own-authority.ts'
import { ensureAmong, handedRoles, RoleList } from '../delegations/roles.ts'
import { Trust as Shape, trustRules, trustTarget, trustView } from './resource.ts'
import { insertTrust } from './store.ts'

const Count = (minimum: number) => Type.Optional(Type.Union([Type.Integer({ minimum, maximum: 0x7fffffff }), Type.Null()]))
const Create = Type.Object({
  trust: Closed({
    trustor_user_id: Id,
    trustee_user_id: Id,
    impersonation: Type.Boolean(),
    project_id: Type.Optional(Type.Union([Id, Type.Null()])),
    roles: Type.Optional(RoleList),
    expires_at: Expiry,
    remaining_uses: Count(1),
    allow_redelegation: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    redelegation_count: Count(0),
    redelegated_trust_id: Type.Optional(Type.Union([Id, Type.Null()])),
  }),
})
type Asked = Static<typeof Create>['trust']

/** How often a trust may be handed on at most. */
const maxRedelegations = 3

/** What is handed on is never more than what was handed over. Throws 403. */
function ensureWithin(row: Trust, from: Trust): void {
  if (from.redelegation_count < 1) throw forbidden('The trust does not allow redelegation.')
  if (row.redelegation_count > from.redelegation_count - 1)
    throw forbidden(`Remaining redelegation depth of ${row.redelegation_count} out of allowed range of [0..${from.redelegation_count - 1}]`)
  if (row.remaining_uses !== null || from.remaining_uses !== null) throw forbidden('A trust with a number of uses cannot be redelegated.')
  if (row.impersonation && !from.impersonation)
    throw forbidden('Impersonation is not allowed because the redelegated trust does not specify it.')
  if (row.project_id !== from.project_id) throw forbidden('A redelegated trust stays in its project.')
  for (const id of row.role_ids)
    ensureAmong(
      from.role_ids.map((role) => ({ id: role })),
      id,
    )
}

function redelegations(asked: Asked, from: Trust | undefined): number {
  const most = from ? from.redelegation_count - 1 : maxRedelegations
  if (!asked.allow_redelegation) {
    if (asked.redelegation_count) throw badRequest('redelegation_count needs allow_redelegation.')
    return 0
  }
  const count = asked.redelegation_count ?? most
  if (count > most) throw forbidden(`Remaining redelegation depth of ${count} out of allowed range of [0..${most}]`)
  return count
}

async function makeTrust(context: BaseContext, asked: Asked): Promise<Trust> {
  const { who, tx, now, cloud } = context
  const from = who.delegation?.authority.trust
  if (!from) ensureOwnAuthority(who)
  const projectId = asked.project_id ?? null
  if (!(await findUser(tx.db, asked.trustee_user_id))) throw notFound(missing('user')(asked.trustee_user_id))
  if (projectId !== null && !(await findProject(tx.db, projectId))) throw notFound(missing('project')(projectId))
  if ((projectId === null) !== !asked.roles?.length) {
    throw projectId === null
      ? badRequest('Roles can be delegated only in a project: project_id is needed.')
      : forbidden('At least one role should be specified.')
  }
  if (asked.redelegated_trust_id && asked.redelegated_trust_id !== from?.id)
    throw forbidden('The trust to redelegate is that of the token.')
  // Roles of a delegated token bound what it hands on, whatever its user has besides.
  const { delegation } = who
  if (delegation && projectId !== delegation.authority.projectId) throw forbidden('What was delegated is handed on only in its project.')
  const role_ids =
    projectId === null ? [] : await handedRoles(tx.db, asked.roles!, delegation?.authority.delegatorId ?? who.user.id, projectId)
  if (delegation) for (const id of role_ids) ensureAmong(delegation.authority.roles, id)
  const row: Trust = {
    id: cloud.environment.hexId(),
    trustor_user_id: asked.trustor_user_id,
    trustee_user_id: asked.trustee_user_id,
    project_id: projectId,
    impersonation: asked.impersonation,
    role_ids,
    expires_at: boundedExpiry(asked.expires_at, now, delegation),
    remaining_uses: asked.remaining_uses ?? null,
    redelegated_trust_id: from?.id ?? null,
    redelegation_count: redelegations(asked, from),
    created_at: now,
  }
  if (from) ensureWithin(row, from)
  await insertTrust(tx.db, row)
  return row
}

/** The reference names it in the singular, clients in the plural. */
const createAt = (path: '/OS-TRUST/trusts' | '/OS-TRUST/trust', id: string, catalog: string[]) =>
  operation({
    id,
    method: 'POST',
    path,
    majors: ['v3'],
    summary: 'Create trust',
    catalog,
    body: Create,
    status: 201,
    policy: trustRules.create,
    policyTarget: ({ body }) => trustTarget({ trustor_user_id: body.trust.trustor_user_id }),
    answer: Type.Object({ trust: Shape }),
    handle: async (context) => ({ trust: await trustView(await makeTrust(context, context.body.trust), context) }),
  })

export const createTrust = [
  createAt('/OS-TRUST/trusts', 'trusts.create', []),
  createAt('/OS-TRUST/trust', 'trusts.create-singular', ['identity-v3-ext.trust-extension.create-trust']),
]
