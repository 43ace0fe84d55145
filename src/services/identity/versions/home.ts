// The names of v3's resources that do not follow from their paths, as upstream has them.
import type { HomeNames } from '../../../api/json-home.ts'

export const homeNames: HomeNames = {
  base: 'https://docs.openstack.org/api/openstack-identity/3',
  relations: {
    '/users/{user_id}/password': 'user_change_password',
    '/users/{user_id}/application_credentials': 'application_credentials',
    '/users/{user_id}/application_credentials/{application_credential_id}': 'application_credential',
    '/users/{user_id}/access_rules': 'access_rules',
    '/users/{user_id}/access_rules/{access_rule_id}': 'access_rule',
    '/roles/{role_id}/implies': 'implied_roles',
    '/roles/{role_id}/implies/{implied_role_id}': 'implied_role',
    '/domains/{domain_id}/config/{group}': 'domain_config_group',
    '/domains/{domain_id}/config/{group}/{option}': 'domain_config_option',
    '/OS-OAUTH1/request_token': 'request_tokens',
    '/OS-OAUTH1/access_token': 'access_tokens',
    '/OS-OAUTH1/authorize/{request_token_id}': 'authorize_request_token',
    '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}': 'endpoint_group_to_project_association',
    '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects': 'projects_associated_with_endpoint_group',
    '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints': 'endpoints_in_endpoint_group',
    // What the reference has beside the path of all clients (7.4.1).
    '/OS-TRUST/trust': null,
  },
}
