// Application credentials, as today's clients have them: a secret of a user for one project, with some of the roles there.
import { type Static, Type } from 'typebox'
import { type BaseContext, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import type { AccessRuleRow, ApplicationCredentialRow } from '../../../auth/delegation-tables.ts'
import { missing, Options, SelfLink } from '../attributes.ts'
import { collection } from '../collection.ts'
import { fullTime } from '../delegations/expiry.ts'
import { rolesById } from '../roles/store.ts'
import { adminOrSystemReader, cloudRule } from '../rules.ts'
import { accessRulesById, findApplicationCredential } from './store.ts'

/** What upstream's rules call the owner. */
export const ownerTarget = (userId: string | undefined) => ({ user_id: userId, target: { user: { id: userId } } })

export const applicationCredential = resource<'applicationCredential', ApplicationCredentialRow>({
  name: 'applicationCredential',
  param: 'application_credential_id',
  // Whoever the path names, as upstream: the rule asks for the owner of the credential.
  load: (id, { db }) => findApplicationCredential(db, id),
  target: (row) => ownerTarget(row.user_id),
  missing: missing('Application Credential'),
  hidden: true,
})

const readers = `${adminOrSystemReader} or rule:owner`
export const applicationCredentialRules = {
  get: cloudRule('identity:get_application_credential', readers, 'Show an application credential.'),
  list: cloudRule('identity:list_application_credentials', readers, 'List the application credentials of a user.'),
  create: cloudRule('identity:create_application_credential', 'rule:owner', 'Create an application credential.'),
  delete: cloudRule('identity:delete_application_credential', 'rule:admin_required or rule:owner', 'Delete an application credential.'),
  getRule: cloudRule('identity:get_access_rule', readers, 'Show an access rule.'),
  listRules: cloudRule('identity:list_access_rules', readers, 'List the access rules of a user.'),
  deleteRule: cloudRule('identity:delete_access_rule', 'rule:admin_required or rule:owner', 'Delete an access rule.'),
}

const Word = Nullable(Type.String())
const accessRule = { id: Type.String(), service: Word, method: Word, path: Word }
export const AccessRule = Type.Object({ ...accessRule, links: SelfLink })
export const ApplicationCredential = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Word,
  user_id: Type.String(),
  project_id: Type.String(),
  system: Type.Null(),
  unrestricted: Type.Boolean(),
  expires_at: Word,
  roles: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), domain_id: Word, description: Word, options: Options })),
  /** Of one that is good for some requests only. */
  access_rules: Type.Optional(Type.Array(Type.Object(accessRule))),
  links: SelfLink,
})
export const applicationCredentialList = collection({
  many: 'application_credentials',
  path: '/users/{user_id}/application_credentials',
  filters: { name: 'name' },
})

export const accessRuleList = collection({
  many: 'access_rules',
  path: '/users/{user_id}/access_rules',
  filters: { service: 'service', method: 'method', path: 'path' },
  sortKeys: [],
  defaultSort: ['id'],
})

export const accessRuleView = (
  { id, user_id, service, method, path }: AccessRuleRow,
  { href }: Pick<BaseContext, 'href'>,
): Static<typeof AccessRule> => ({ id, service, method, path, links: { self: href(`/users/${user_id}/access_rules/${id}`) } })

export async function applicationCredentialView(
  row: ApplicationCredentialRow,
  { db, href }: BaseContext,
): Promise<Static<typeof ApplicationCredential>> {
  const roles = (await rolesById(db, row.role_ids)).map(({ id, name, domain_id, description, options }) => ({
    id,
    name,
    domain_id: domain_id || null,
    description,
    options,
  }))
  const rules = await accessRulesById(db, row.access_rule_ids)
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    user_id: row.user_id,
    project_id: row.project_id,
    system: null,
    unrestricted: row.unrestricted,
    expires_at: fullTime(row.expires_at)?.replace(/Z$/, '') ?? null,
    roles,
    ...(rules.length ? { access_rules: rules.map(({ id, service, method, path }) => ({ id, service, method, path })) } : {}),
    links: { self: href(`/users/${row.user_id}/application_credentials/${row.id}`) },
  }
}
