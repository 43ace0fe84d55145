// Operations on trusts (reference 7.4; the rest as today's clients have it).
import { Type } from 'typebox'
import { forbidden, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import { missing } from '../attributes.ts'
import { WholeCollection, wholeCollection } from '../collection.ts'
import { ensureNoApplication, ensureOwnAuthority } from '../delegations/own-authority.ts'
import { Role } from '../roles/roles.ts'
import { createTrust } from './create.ts'
import { ListedTrust, listedTrust, listRules, Trust, trust, trustRoles, trustRules, trustTarget, trustView } from './resource.ts'
import { deleteTrusts, trustQuery } from './store.ts'

const common = { majors: ['v3'], catalog: [] as string[] } as const
const one = { ...common, path: '/OS-TRUST/trusts/{trust_id}', on: trust } as const
const role = { ...common, path: '/OS-TRUST/trusts/{trust_id}/roles/{role_id}', on: trust, policy: trustRules.getRole } as const

const list = operation({
  ...common,
  id: 'trusts.list',
  method: 'GET',
  path: '/OS-TRUST/trusts',
  summary: 'List trusts',
  query: Type.Object({ trustor_user_id: Type.Optional(Type.String()), trustee_user_id: Type.Optional(Type.String()) }),
  policy: trustRules.list,
  policyTarget: ({ query }) => trustTarget(query),
  ruleFor({ query }) {
    if (query.trustor_user_id !== undefined) return listRules.trustor
    return query.trustee_user_id === undefined ? undefined : listRules.trustee
  },
  answer: WholeCollection('trusts', ListedTrust),
  async handle(context) {
    const { query, allows, db, who } = context
    ensureNoApplication(who)
    const { trustor_user_id: trustor, trustee_user_id: trustee } = query
    if (trustee !== undefined && !allows(listRules.trustee.name))
      throw forbidden(`You are not authorized to perform the requested action: ${listRules.trustee.name}.`)
    const rows = await trustQuery(db, { trustor, trustee }).execute()
    return wholeCollection(
      context,
      'trusts',
      '/OS-TRUST/trusts',
      rows.map((row) => listedTrust(row, context)),
    )
  },
})

const show = operation({
  ...one,
  id: 'trusts.show',
  method: 'GET',
  summary: 'Show a trust',
  policy: trustRules.get,
  answer: Type.Object({ trust: Trust }),
  async handle(context) {
    ensureNoApplication(context.who)
    return { trust: await trustView(context.trust, context) }
  },
})

const remove = operation({
  ...one,
  id: 'trusts.delete',
  method: 'DELETE',
  summary: 'Delete a trust',
  status: 204,
  policy: trustRules.delete,
  async handle({ tx, trust, who, now }) {
    ensureOwnAuthority(who)
    await deleteTrusts(tx.db, [trust.id])
    await noteRevocation(tx.db, now, { trust_id: trust.id })
  },
})

const listRoles = operation({
  ...common,
  id: 'trusts.roles.list',
  method: 'GET',
  path: '/OS-TRUST/trusts/{trust_id}/roles',
  on: trust,
  summary: 'List the roles of a trust',
  policy: trustRules.listRoles,
  answer: WholeCollection('roles', Role),
  async handle(context) {
    ensureNoApplication(context.who)
    return wholeCollection(context, 'roles', `/OS-TRUST/trusts/${context.trust.id}/roles`, await trustRoles(context.trust, context))
  },
})

const showRole = operation({
  ...role,
  id: 'trusts.roles.show',
  method: 'GET',
  summary: 'Show a role of a trust',
  answer: Type.Object({ role: Role }),
  async handle(context) {
    ensureNoApplication(context.who)
    const found = (await trustRoles(context.trust, context)).find(({ id }) => id === context.params.role_id)
    if (!found) throw notFound(missing('role')(context.params.role_id))
    return { role: found }
  },
})

const checkRole = operation({
  ...role,
  id: 'trusts.roles.check',
  method: 'HEAD',
  summary: 'Check a role of a trust',
  async handle({ trust, params, who }) {
    ensureNoApplication(who)
    if (!trust.role_ids.includes(params.role_id)) throw notFound(missing('role')(params.role_id))
  },
})

export const trusts = [...createTrust, list, show, remove, listRoles, showRole, checkRole]
