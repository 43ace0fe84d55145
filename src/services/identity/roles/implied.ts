// Who has one role has those that it implies (upstream only, after the references).
import { type Static, Type } from 'typebox'
import { forbidden, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import type { RoleRow } from '../../../auth/tables.ts'
import { missing, SelfLink } from '../attributes.ts'
import { WholeCollection } from '../collection.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { RoleRef, role } from './roles.ts'
import { deleteInference, findRole, inferences, insertInference, isImplied, rolesById } from './store.ts'

const rules = {
  list: cloudRule('identity:list_implied_roles', adminOrSystemReader, 'List what a role implies.'),
  get: cloudRule('identity:get_implied_role', adminOrSystemReader, 'Show that a role implies another.'),
  check: cloudRule('identity:check_implied_role', adminOrSystemReader, 'Check that a role implies another.'),
  create: cloudRule('identity:create_implied_role', adminRequired, 'Make a role imply another.'),
  delete: cloudRule('identity:delete_implied_role', adminRequired, 'End that a role implies another.'),
  all: cloudRule('identity:list_role_inference_rules', adminOrSystemReader, 'List what all roles imply.'),
}
const path = '/roles/{role_id}/implies/{implied_role_id}'
const common = { majors: ['v3'], catalog: [], on: role }

const Inference = Type.Object({ role_inference: Type.Object({ prior_role: RoleRef, implies: RoleRef }), links: SelfLink })
const Implications = Type.Object({ prior_role: RoleRef, implies: Type.Array(RoleRef) })

const brief = (row: RoleRow, { href }: BaseContext): Static<typeof RoleRef> => ({
  id: row.id,
  name: row.name,
  links: { self: href(`/roles/${row.id}`) },
})
const inference = (prior: RoleRow, implied: RoleRow, context: BaseContext): Static<typeof Inference> => ({
  role_inference: { prior_role: brief(prior, context), implies: brief(implied, context) },
  links: { self: context.href(`/roles/${prior.id}/implies/${implied.id}`) },
})

/** The implied role of the path; with `kept`, only where the inference exists. */
async function impliedRole(context: BaseContext & { params: { implied_role_id: string }; role: RoleRow }, kept: boolean): Promise<RoleRow> {
  const { db, params, role } = context
  const implied = await findRole(db, params.implied_role_id)
  if (!implied) throw notFound(missing('role')(params.implied_role_id))
  if (kept && !(await isImplied(db, role.id, implied.id))) throw notFound(`${role.id} does not imply ${implied.id}`)
  return implied
}

const list = operation({
  ...common,
  id: 'roles.implied.list',
  method: 'GET',
  path: '/roles/{role_id}/implies',
  summary: 'List implied roles',
  policy: rules.list,
  answer: Type.Object({ role_inference: Implications, links: SelfLink }),
  async handle(context) {
    const { db, role } = context
    const implied = await rolesById(
      db,
      (await inferences(db, role.id)).map((row) => row.implied_role_id),
    )
    return {
      role_inference: { prior_role: brief(role, context), implies: implied.map((row) => brief(row, context)) },
      links: { self: context.href(`/roles/${role.id}/implies`) },
    }
  },
})

const show = operation({
  ...common,
  id: 'roles.implied.show',
  method: 'GET',
  path,
  summary: 'Show an implied role',
  policy: rules.get,
  answer: Inference,
  handle: async (context) => inference(context.role, await impliedRole(context, true), context),
})

const check = operation({
  ...common,
  id: 'roles.implied.check',
  method: 'HEAD',
  path,
  summary: 'Check an implied role',
  status: 204,
  policy: rules.check,
  async handle(context) {
    await impliedRole(context, true)
  },
})

const create = operation({
  ...common,
  id: 'roles.implied.create',
  method: 'PUT',
  path,
  summary: 'Create an implied role',
  status: 201,
  policy: rules.create,
  answer: Inference,
  async handle(context) {
    const { tx, role } = context
    const implied = await impliedRole(context, false)
    if (implied.name === 'admin' && implied.domain_id === '') throw forbidden('The role admin must not be implied by another role.')
    if (role.domain_id === '' && implied.domain_id !== '') throw forbidden("A role of the whole cloud must not imply a domain's own role.")
    await insertInference(tx.db, role.id, implied.id)
    return inference(role, implied, context)
  },
})

const remove = operation({
  ...common,
  id: 'roles.implied.delete',
  method: 'DELETE',
  path,
  summary: 'Delete an implied role',
  status: 204,
  policy: rules.delete,
  async handle(context) {
    const implied = await impliedRole(context, false)
    if (!(await deleteInference(context.tx.db, context.role.id, implied.id)))
      throw notFound(`${context.role.id} does not imply ${implied.id}`)
  },
})

const all = operation({
  id: 'roles.inferences',
  method: 'GET',
  path: '/role_inferences',
  majors: ['v3'],
  summary: 'List all role inference rules',
  catalog: [],
  policy: rules.all,
  policyTarget: () => ({}),
  answer: WholeCollection('role_inferences', Implications),
  async handle(context) {
    const rows = await inferences(context.db)
    const byId = new Map(
      (await rolesById(context.db, [...new Set(rows.flatMap((row) => [row.prior_role_id, row.implied_role_id]))])).map((row) => [
        row.id,
        row,
      ]),
    )
    const priors = [...new Set(rows.map((row) => row.prior_role_id))]
    return {
      role_inferences: priors.map((id) => ({
        prior_role: brief(byId.get(id)!, context),
        implies: rows.filter((row) => row.prior_role_id === id).map((row) => brief(byId.get(row.implied_role_id)!, context)),
      })),
      links: { self: context.href('/role_inferences'), previous: null, next: null },
    }
  },
})

export const impliedRoles = [list, show, check, create, remove, all]
