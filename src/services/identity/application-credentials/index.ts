// Operations on application credentials and access rules.
import { Type } from 'typebox'
import { forbidden } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import type { AccessRuleRow, ApplicationCredentialRow } from '../../../auth/delegation-tables.ts'
import { missing } from '../attributes.ts'
import { listed } from '../collection.ts'
import { ensureApplicationOrOwn, ensureUnrestricted } from '../delegations/own-authority.ts'
import { createApplicationCredential } from './create.ts'
import {
  AccessRule,
  ApplicationCredential,
  accessRuleList,
  accessRuleView,
  applicationCredential,
  applicationCredentialList,
  applicationCredentialView,
  ownerTarget,
  applicationCredentialRules as rules,
} from './resource.ts'
import { accessRuleQuery, accessRulesById, applicationCredentialQuery, deleteAccessRule, deleteApplicationCredential } from './store.ts'

const common = { majors: ['v3'], catalog: [] as string[] } as const
const one = {
  ...common,
  path: '/users/{user_id}/application_credentials/{application_credential_id}',
  on: applicationCredential,
} as const

const list = operation({
  ...common,
  id: 'application-credentials.list',
  method: 'GET',
  path: '/users/{user_id}/application_credentials',
  summary: 'List application credentials of a user',
  policy: rules.list,
  policyTarget: ({ params }) => ownerTarget(params.user_id),
  query: applicationCredentialList.query,
  answer: applicationCredentialList.answer(ApplicationCredential),
  async handle(context) {
    ensureApplicationOrOwn(context.who)
    const query = applicationCredentialQuery(context.db, context.params.user_id)
    return listed<ApplicationCredentialRow>(context, applicationCredentialList, query, (rows) =>
      Promise.all(rows.map((row) => applicationCredentialView(row, context))),
    )
  },
})

const show = operation({
  ...one,
  id: 'application-credentials.show',
  method: 'GET',
  summary: 'Show an application credential',
  policy: rules.get,
  answer: Type.Object({ application_credential: ApplicationCredential }),
  async handle(context) {
    ensureApplicationOrOwn(context.who)
    return { application_credential: await applicationCredentialView(context.applicationCredential, context) }
  },
})

const remove = operation({
  ...one,
  id: 'application-credentials.delete',
  method: 'DELETE',
  summary: 'Delete an application credential',
  status: 204,
  policy: rules.delete,
  async handle({ tx, who, applicationCredential }) {
    ensureUnrestricted(who)
    await deleteApplicationCredential(tx.db, applicationCredential.id)
  },
})

const accessRule = resource<'accessRule', AccessRuleRow>({
  name: 'accessRule',
  param: 'access_rule_id',
  async load(id, context) {
    const [row] = await accessRulesById(context.db, [id])
    return row?.user_id === (context as unknown as { params: { user_id: string } }).params.user_id ? row : undefined
  },
  target: (row) => ownerTarget(row.user_id),
  missing: missing('Access Rule'),
  hidden: true,
})
const oneRule = { ...common, path: '/users/{user_id}/access_rules/{access_rule_id}', on: accessRule } as const

const accessRules = [
  operation({
    ...common,
    id: 'access-rules.list',
    method: 'GET',
    path: '/users/{user_id}/access_rules',
    summary: 'List access rules of a user',
    policy: rules.listRules,
    policyTarget: ({ params }) => ownerTarget(params.user_id),
    query: accessRuleList.query,
    answer: accessRuleList.answer(AccessRule),
    async handle(context) {
      ensureApplicationOrOwn(context.who)
      const { user_id } = context.params
      return listed<AccessRuleRow>(context, accessRuleList, accessRuleQuery(context.db, user_id), (rows) =>
        rows.map((row) => accessRuleView(row, context)),
      )
    },
  }),
  operation({
    ...oneRule,
    id: 'access-rules.show',
    method: 'GET',
    summary: 'Show an access rule',
    policy: rules.getRule,
    answer: Type.Object({ access_rule: AccessRule }),
    async handle(context) {
      ensureApplicationOrOwn(context.who)
      return { access_rule: accessRuleView(context.accessRule, context) }
    },
  }),
  operation({
    ...oneRule,
    id: 'access-rules.delete',
    method: 'DELETE',
    summary: 'Delete an access rule that no application credential has',
    status: 204,
    policy: rules.deleteRule,
    async handle({ tx, who, accessRule }) {
      ensureUnrestricted(who)
      const users = await applicationCredentialQuery(tx.db, accessRule.user_id).execute()
      if (users.some((row) => row.access_rule_ids.includes(accessRule.id)))
        throw forbidden('An access rule that an application credential has cannot be deleted.')
      await deleteAccessRule(tx.db, accessRule.id)
    },
  }),
]

export const applicationCredentials = [createApplicationCredential, list, show, remove, ...accessRules]
