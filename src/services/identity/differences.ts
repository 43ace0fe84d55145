// Where the declarations of v3 differ from today's official description of it, and why (see src/testing/official.ts).
import type { Difference } from '../../testing/official.ts'

const userAnswers = ['POST /v3/users', 'PATCH /v3/users/*']
const tokens = ['* /v3/auth/tokens', '*/protocols/{protocol_id}/auth']
const federated = '* /v3/OS-FEDERATION/*'

export const differences: Difference[] = [
  // Lists
  {
    operations: 'GET *',
    part: 'query',
    more: ['limit', 'marker', 'sort', 'sort_key', 'sort_dir'],
    reason: 'Every list has pages and an order.',
  },
  {
    operations: 'GET *',
    part: 'query',
    more: ['name', 'enabled', 'region', 'type', 'tags', 'tags-any', 'not-tags', 'not-tags-any'],
    reason: 'Filters that clients have, which the description leaves out.',
  },
  {
    operations: 'GET /v3/groups/{group_id}/users',
    part: 'query',
    more: ['domain_id'],
    reason: 'The members of a group are filtered as all users are.',
  },
  {
    operations: 'GET /v3/services',
    part: 'query',
    missing: ['service'],
    reason: 'The filters are name and type: no service has a `service`.',
  },
  {
    operations: ['GET *', 'PUT /v3/roles/*', 'POST /v3/registered_limits'],
    part: 'answer',
    missing: ['truncated', 'links.next', 'links.previous', 'links.*'],
    reason: 'The description has it also of what is no list, or a list without pages; `links` of grants without what is in them.',
  },
  {
    operations: 'GET *',
    part: 'answer',
    more: ['truncated', 'links.self', 'links.next', 'links.previous'],
    reason: 'All lists have the links of lists; the description has none here, or those of v2.0.',
  },
  {
    operations: ['GET /v3/OS-FEDERATION/domains', 'GET /v3/OS-FEDERATION/projects', 'GET /v3/auth/domains', 'GET /v3/auth/projects'],
    part: 'answer',
    missing: ['links[].*', '*[].links[].*'],
    reason: 'The description has the links of v2.0; keystone answers with those of v3.',
  },
  // Links of things
  {
    operations: '*',
    part: 'answer',
    missing: ['user*.links.next', 'user*.links.previous', 'trust*.links.next', 'trust*.links.previous', 'role.links.*'],
    reason: 'The description takes the links of a list for those of a thing, or leaves out what is in them.',
  },
  {
    operations: '*',
    part: 'answer',
    more: ['*.links.self', '*.links.child_regions'],
    reason: 'Each thing says where it is, which the description leaves out in some answers.',
  },
  // Attributes
  {
    operations: 'GET *',
    part: 'answer',
    more: ['domains[].*', 'projects[].*', 'roles[].domain_id', 'roles[].options.immutable', 'services[].description', '*.domain.domain.*'],
    reason: 'A thing is the same in every list; the description leaves attributes out in some.',
  },
  {
    operations: 'GET /v3/projects/{project_id}',
    part: 'answer',
    more: ['project.parents*', 'project.subtree*'],
    reason: 'They answer to parameters that the description has, and has no answer for.',
  },
  { operations: '*', part: 'answer', more: ['user*.email'], reason: 'An attribute of its own here; keystone keeps it as an invented one.' },
  { operations: '*', part: 'body', more: ['user.email'], reason: 'An attribute of its own here; keystone keeps it as an invented one.' },
  { operations: userAnswers, part: 'answer', missing: ['user.password'], reason: 'A password is never shown.' },
  {
    operations: userAnswers,
    part: 'answer',
    more: ['user.id', 'user.password_expires_at'],
    reason: 'The description takes what is sent for what is answered.',
  },
  {
    operations: '* /v3/regions*',
    part: 'answer',
    missing: ['region.parent_id'],
    more: ['region.parent_region_id'],
    reason: 'A slip of the description: the attribute is parent_region_id.',
  },
  {
    operations: 'GET /v3/users/{user_id}/groups',
    part: 'answer',
    missing: ['groups[].membership_expires_at'],
    reason: 'Memberships that a federated login brings for a while are in tokens and not in this list; those in it do not end.',
  },
  {
    operations: '* /v3/OS-EP-FILTER/endpoint_groups*',
    part: 'answer',
    missing: ['*.filters.enabled'],
    reason: 'An endpoint that is not enabled is in no catalog, so no group has to say so.',
  },
  {
    operations: '* /v3/OS-EP-FILTER/endpoint_groups*',
    part: 'body',
    missing: ['*.filters.enabled'],
    reason: 'An endpoint that is not enabled is in no catalog, so no group has to say so.',
  },
  {
    operations: '* /v3/endpoints*',
    part: 'answer',
    more: ['endpoint.name', 'endpoint.description'],
    reason: 'The description has them in the list only, and in what is sent.',
  },
  {
    operations: '*/application_credentials*',
    part: 'answer',
    missing: ['*.roles[].options'],
    more: ['*.roles[].options.immutable'],
    reason: 'What is in it is declared here.',
  },
  // Bodies
  {
    operations: 'POST *',
    part: 'body',
    missing: ['credential.id', 'endpoint.id', 'application_credential.id'],
    reason: 'Ids are made here.',
  },
  {
    operations: 'POST *',
    part: 'body',
    missing: ['application_credential.system'],
    reason: 'An application credential is for a project: keystone lets null pass and nothing else.',
  },
  {
    operations: federated,
    part: 'body',
    more: ['identity_provider.id', 'mapping.id', 'protocol.id', 'service_provider.id'],
    reason: 'Clients send the id once more, which has to be that of the path.',
  },
  {
    operations: 'PATCH *',
    part: 'body',
    more: ['group.domain_id', 'project.domain_id', 'project.is_domain', 'project.parent_id'],
    reason: 'Taken when they are as they were, and refused with a reason of their own otherwise.',
  },
  { operations: '* /v3/services*', part: 'body', more: ['service.description'], reason: 'Clients send it, and keystone keeps it.' },
  // Trusts
  {
    operations: '* /v3/OS-TRUST/trusts*',
    part: 'answer',
    missing: ['trust.allow_redelegation', 'trusts[].allow_redelegation'],
    reason: 'Of the request only, as in keystone: redelegation_count tells what came of it.',
  },
  {
    operations: '* /v3/OS-TRUST/trusts*',
    part: 'answer',
    missing: ['trusts[].roles*'],
    reason: 'A list is without the roles, as in keystone.',
  },
  // Tokens
  {
    operations: tokens,
    part: 'answer',
    missing: ['token.issues_at'],
    more: ['token.issued_at'],
    reason: 'A slip of the description: the attribute is issued_at.',
  },
  {
    operations: tokens,
    part: 'answer',
    missing: ['token.system.*', 'token.user.OS-FEDERATION.*'],
    reason: 'What is in them is declared here.',
  },
  {
    operations: tokens,
    part: 'answer',
    more: [
      'token.OS-OAUTH1.*',
      'token.OS-TRUST:trust.*',
      'token.application_credential.*',
      'token.service_providers[].*',
      'token.catalog[].endpoints[].region_id',
      'token.project.*',
      'token.is_domain',
      'token.domain.*',
      'token.system.all',
      'token.roles[].*',
    ],
    reason: 'What a token is by and for; the description leaves it out, or leaves out what is in it.',
  },
  {
    operations: 'POST /v3/auth/tokens',
    part: 'body',
    more: ['auth.identity.mapped.id', 'auth.identity.openid.id', 'auth.identity.saml2.id', 'auth.identity.oauth1', 'auth.scope.unscoped'],
    reason: 'Methods and a scope that clients of federation and OAuth have.',
  },
  {
    operations: 'GET /v3/auth/catalog',
    part: 'answer',
    more: ['catalog[].endpoints[].region_id'],
    reason: 'The catalog of tokens has it, and keystone has it here.',
  },
  { operations: 'GET /v3/auth/system', part: 'answer', missing: ['system[].*'], reason: 'What is in it is declared here.' },
  // Federation
  { operations: federated, part: 'answer', missing: ['protocols[].idp_id'], reason: 'It is in the path and in the links, as in keystone.' },
  { operations: federated, part: 'answer', more: ['identity_provider*.domain_id'], reason: 'keystone shows it in every answer, too.' },
  {
    operations: 'GET /v3/OS-FEDERATION/identity_providers/{idp_id}',
    part: 'answer',
    missing: ['identity_providers[].*'],
    more: ['identity_provider.*'],
    reason: 'A slip of the description, which has the list in place of the one.',
  },
  {
    operations: '* /v3/auth/OS-FEDERATION/*websso*',
    part: 'answer',
    missing: ['token.*'],
    reason: 'A browser gets a page or is sent on, as in keystone.',
  },
  { operations: '* /v3/auth/OS-FEDERATION/saml2*', part: 'body', missing: ['auth.*'], reason: 'SAML is not built: 501.' },
]
