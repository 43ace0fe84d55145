// Identity (reference chapters 6 to 10): who may do what, tokens and the service catalog.
import { service } from '../../api/service.ts'
import { applicationCredentials } from './application-credentials/index.ts'
import { grants } from './assignments/grants.ts'
import { roleAssignments } from './assignments/list.ts'
import { assignmentRules } from './assignments/rules.ts'
import { authScopes } from './auth/scopes.ts'
import { credentials } from './credentials/credentials.ts'
import { domainConfig } from './domain-config/index.ts'
import { domains } from './domains/domains.ts'
import { ec2Credentials } from './ec2/credentials.ts'
import { ec2Tokens } from './ec2/tokens.ts'
import { endpointGroups } from './endpoint-filter/groups.ts'
import { endpointFilters } from './endpoint-filter/projects.ts'
import { faults } from './faults.ts'
import { federated } from './federation/clients.ts'
import { federation } from './federation/index.ts'
import { groups } from './groups/groups.ts'
import { groupMembers } from './groups/members.ts'
import { partyKeys } from './key-distribution/keys.ts'
import { tickets } from './key-distribution/tickets.ts'
import { beginDirectories, bootstrapDirectories } from './ldap/directories.ts'
import { limits } from './limits/limits.ts'
import { registeredLimits } from './limits/registered.ts'
import { accessTokens } from './oauth1/access-tokens.ts'
import { consumers } from './oauth1/consumers.ts'
import { oauthTokens } from './oauth1/tokens.ts'
import { policies } from './policies/policies.ts'
import { projects } from './projects/index.ts'
import { revocationOperations } from './revocations/index.ts'
import { impliedRoles } from './roles/implied.ts'
import { domainRoleRules, roles } from './roles/roles.ts'
import { baseRules } from './rules.ts'
import { endpoints } from './service-catalog/endpoints.ts'
import { regions } from './service-catalog/regions.ts'
import { services } from './service-catalog/services.ts'
import { tokens } from './tokens/index.ts'
import { trusts } from './trusts/index.ts'
import { trustFilterRules } from './trusts/resource.ts'
import { performInTurn } from './turns.ts'
import { users } from './users/index.ts'
import { v2Operations } from './v2.0/index.ts'
import { v2Xml } from './v2.0/xml.ts'
import { versionOperations } from './versions/index.ts'
import { v3Xml } from './versions/xml.ts'

export const identity = service({
  name: 'identity',
  description: 'Identity',
  ports: [5000, 35357],
  faults,
  majors: [{ id: 'v3', xml: v3Xml }, { id: 'v2.0' }, { id: 'v1' }],
  xml: v2Xml,
  projectInPath: false,
  catalog: [{ type: 'identity', name: 'keystone', path: '/v3', adminPort: 35357 }],
  baseRules,
  scopes: ['system', 'domain', 'project'],
  moreRules: [...domainRoleRules, ...trustFilterRules, assignmentRules.tree],
  perform: performInTurn,
  operations: [
    ...versionOperations,
    ...tokens,
    ...authScopes,
    ...projects,
    ...domains,
    ...domainConfig,
    ...users,
    ...groups,
    ...groupMembers,
    ...roles,
    ...impliedRoles,
    ...grants,
    roleAssignments,
    ...services,
    ...endpoints,
    ...regions,
    ...credentials,
    ...registeredLimits,
    ...limits,
    ...policies,
    ...revocationOperations,
    ...trusts,
    ...applicationCredentials,
    ...ec2Credentials,
    ...ec2Tokens,
    ...consumers,
    ...oauthTokens,
    ...accessTokens,
    ...endpointGroups,
    ...endpointFilters,
    ...partyKeys,
    ...tickets,
    ...federation,
    ...v2Operations,
  ],
  begin(cloud) {
    federated(cloud)
    beginDirectories(cloud)
  },
  bootstrap: bootstrapDirectories,
})
