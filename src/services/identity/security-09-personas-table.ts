// Who may do what, told apart from the rules themselves, so that a rule that says something else is noticed. Everything is asked about the
// rows of one domain; personas who stand elsewhere are strangers there.
import { whoMay } from '../../testing/persona-matrix.ts'
import { personas as everyPersona, type PersonaName } from '../../testing/personas.ts'

/** Who has no token is tried on all services at once. */
export const personas: PersonaName[] = everyPersona.filter((name) => name !== 'nobody')

// A token for a domain reaches nothing that is the whole cloud's, nor what a project hands over, whatever its roles.
const cloudAdmins: PersonaName[] = ['admin', 'admin of the system']
const cloudAuditors: PersonaName[] = [...cloudAdmins, 'reader of the system']
// As upstream: who has the role for one domain has it in the others.
const admins: PersonaName[] = [...cloudAdmins, 'admin of the domain', 'admin of another domain']
const auditors: PersonaName[] = [...admins, 'reader of the system']
const readers: PersonaName[] = [...auditors, 'manager of the domain', 'reader of the domain']
const managers: PersonaName[] = [...admins, 'manager of the domain']
const inProject: PersonaName[] = [...readers, 'manager of the project', 'member of the project', 'reader of the project', 'user']
const everybody: PersonaName[] = [...personas]

/** Names of rules (without `identity:`) that upstream has, and those who may. */
const byRule: [who: PersonaName[], rules: string][] = [
  [
    cloudAdmins,
    `add_endpoint_group_to_project add_endpoint_to_project create_consumer create_domain create_domain_config create_domain_role
    create_endpoint create_endpoint_group create_identity_provider create_implied_role create_limits create_mapping create_policy
    create_policy_association_for_endpoint create_policy_association_for_region_and_service create_policy_association_for_service
    create_protocol create_region create_registered_limits create_role create_service create_service_provider
    create_system_grant_for_group create_system_grant_for_user delete_consumer delete_domain delete_domain_config delete_domain_role
    delete_endpoint delete_endpoint_group delete_identity_provider delete_implied_role delete_limit delete_mapping delete_policy
    delete_policy_association_for_endpoint delete_policy_association_for_region_and_service delete_policy_association_for_service
    delete_protocol delete_region delete_registered_limit delete_role delete_service delete_service_provider
    remove_endpoint_from_project remove_endpoint_group_from_project revoke_system_grant_for_group revoke_system_grant_for_user
    update_consumer update_domain update_domain_config update_domain_role update_endpoint update_endpoint_group
    update_identity_provider update_limit update_mapping update_policy update_protocol update_region update_registered_limit
    update_role update_service update_service_provider
    kds_create_group kds_create_key kds_delete_group kds_delete_key`,
  ],
  [
    cloudAuditors,
    `check_endpoint_in_project check_implied_role check_policy_association_for_endpoint
    check_policy_association_for_region_and_service check_policy_association_for_service check_system_grant_for_group
    check_system_grant_for_user get_consumer get_domain_config get_domain_config_default get_domain_role get_endpoint
    get_endpoint_group get_endpoint_group_in_project get_identity_provider get_implied_role get_mapping get_policy
    get_policy_for_endpoint get_protocol get_service get_service_provider list_consumers list_domain_roles list_endpoint_groups
    list_endpoint_groups_for_project list_endpoints list_endpoints_associated_with_endpoint_group list_endpoints_for_policy
    list_endpoints_for_project list_identity_providers list_implied_roles list_mappings list_policies
    list_projects_associated_with_endpoint_group list_projects_for_endpoint list_protocols list_role_inference_rules
    list_service_providers list_services list_system_grants_for_group list_system_grants_for_user list_trusts`,
  ],
  [
    everybody,
    `get_auth_catalog get_auth_domains get_auth_projects get_auth_system get_limit_model get_region get_registered_limit
    get_security_compliance_domain_config list_domains_for_user list_limits list_projects_for_user list_regions list_registered_limits
    list_tenants change_password`,
  ],
  [
    managers,
    `create_project create_project_tag delete_project delete_project_tag delete_project_tags update_project update_project_tags
    create_group delete_group update_group create_user delete_user update_user add_user_to_group remove_user_from_group create_grant
    revoke_grant`,
  ],
  [
    readers,
    `get_group list_groups list_users_in_group list_projects list_role_assignments list_role_assignments_for_tree list_users
    check_grant list_grants check_user_in_group`,
  ],
  [[...admins, 'service'], 'ec2tokens_validate s3tokens_validate'],
  [[...cloudAdmins, 'service'], 'list_revoke_events'],
  [[...admins, 'user'], 'create_credential delete_credential update_credential revoke_token'],
  [
    [...cloudAdmins, 'user'],
    `ec2_create_credential ec2_delete_credential delete_trust delete_application_credential get_access_token get_access_token_role
    list_access_token_roles list_access_tokens delete_access_token delete_access_rule`,
  ],
  [[...auditors, 'user'], 'get_credential list_credentials check_token'],
  [
    [...cloudAuditors, 'user'],
    `ec2_get_credential ec2_list_credentials get_application_credential list_application_credentials get_role_for_trust get_trust
    list_roles_for_trust list_trusts_for_trustee list_trusts_for_trustor get_access_rule list_access_rules`,
  ],
  [['user'], 'create_trust create_application_credential'],
  [[...readers, 'user'], 'get_user list_user_projects list_groups_for_user'],
  [inProject, 'get_project get_project_tag list_project_tags get_limit'],
  [[...inProject, 'member of another project'], 'get_domain'],
  [[...auditors, 'user', 'service'], 'validate_token'],
  // Domain managers see the roles that they may grant.
  [[...auditors, 'manager of the domain', 'manager of another domain', 'manager of the project'], 'get_role'],
  [[...auditors, 'manager of the domain', 'manager of another domain'], 'list_roles'],
]

/** Operations that act on something else than the domain's rows. */
const byOperation: Record<string, PersonaName[]> = {
  // Everybody may hand over roles of their own; there is no other way to try.
  'oauth1.authorize': personas.filter((name) => !/^(?!member).* of (the|another) domain$/.test(name)),
  // Lists without a domain are of the token's own.
  'credentials.list': everybody,
  'domains.list': [...readers, 'manager of another domain'],
  'projects.list': [...readers, 'manager of another domain'],
  'users.list': [...readers, 'manager of another domain'],
  'groups.list': [...readers, 'manager of another domain'],
  'auth.catalog': personas.filter((name) => name !== 'nobody yet'),
  'v2.users.list': auditors,
  'v2.tenants.users': auditors,
  'role-assignments.list': [...readers, 'manager of another domain'],
}

/** Who may ask for that operation, or undefined when the table says nothing of it. */
export const mayDo = whoMay('identity:', byRule, byOperation)

/** Operations without a rule: who asks proves it in another way, or nobody needs to. */
export const withoutRule = [
  'simple-cert.ca',
  'simple-cert.certificates',
  'tokens.revoked',
  'federation.auth-get',
  'federation.auth-post',
  'federation.oidc-callback',
  'federation.websso-get',
  'federation.websso-post',
  'federation.websso-provider-get',
  'federation.websso-provider-post',
  'federation.auth-get',
  'federation.auth-post',
  'federation.oidc-callback',
  'federation.websso-get',
  'federation.websso-post',
  'federation.websso-provider-get',
  'federation.websso-provider-post',
  'kds.groups.key',
  'kds.tickets.create',
  'oauth1.access-token',
  'oauth1.request-token',
  'saml.ecp',
  'saml.metadata',
  'saml.saml2',
  'simple-cert.ca',
  'simple-cert.certificates',
  'saml.ecp',
  'saml.metadata',
  'saml.saml2',
  'simple-cert.ca',
  'simple-cert.certificates',
  'tokens.create',
  'tokens.revoked',
  'users.change-password',
  'v2.extensions.list',
  'v2.extensions.show',
  'v2.tokens.create',
  'versions.list',
  'versions.show-v2.0',
  'versions.show-v3',
]

/** Reads that find nothing on the stage: who may is told so by another fault. */
export const findNothing = /^(domain-config\.|policies\..*\.check|policies\.of-endpoint|v2\.tenant-endpoints\.show|v2\.OS-KS(EC2|S3)\.show)/
