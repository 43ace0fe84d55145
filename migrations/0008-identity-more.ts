import type { Migration } from '../src/db/schema.ts'

/** What users delegate to others (trusts, application credentials, OAuth), policies, endpoint filters, and the key distribution server. */
export const identityMore: Migration = {
  name: '0008-identity-more',
  change(schema) {
    schema.table(
      'identity_trusts',
      {
        id: 'text',
        trustor_user_id: 'text',
        trustee_user_id: 'text',
        project_id: 'text?',
        impersonation: 'bool',
        role_ids: 'json',
        expires_at: 'time?',
        remaining_uses: 'int?',
        redelegated_trust_id: 'text?',
        redelegation_count: 'int',
        created_at: 'time',
      },
      { primary: ['id'], index: [['trustor_user_id'], ['trustee_user_id'], ['redelegated_trust_id'], ['project_id']] },
    )
    schema.table(
      'identity_application_credentials',
      {
        id: 'text',
        name: 'text',
        user_id: 'text',
        project_id: 'text',
        description: 'text?',
        secret_hash: 'text',
        role_ids: 'json',
        unrestricted: 'bool',
        access_rule_ids: 'json',
        expires_at: 'time?',
        created_at: 'time',
      },
      { primary: ['id'], unique: [['user_id', 'name']], index: [['project_id']] },
    )
    schema.table(
      'identity_access_rules',
      { id: 'text', user_id: 'text', service: 'text?', method: 'text?', path: 'text?' },
      { primary: ['id'], index: [['user_id']] },
    )
    schema.table(
      'identity_policies',
      { id: 'text', type: 'text', policy_blob: 'json', extra: 'json', created_at: 'time' },
      { primary: ['id'] },
    )
    schema.table(
      'identity_consumers',
      { id: 'text', description: 'text?', encrypted_secret: 'text', extra: 'json', created_at: 'time' },
      { primary: ['id'] },
    )
    schema.table(
      'identity_request_tokens',
      {
        id: 'text',
        consumer_id: 'text',
        encrypted_secret: 'text',
        verifier: 'text?',
        authorizing_user_id: 'text?',
        project_id: 'text',
        role_ids: 'json',
        expires_at: 'time',
      },
      { primary: ['id'], index: [['consumer_id']] },
    )
    schema.table(
      'identity_access_tokens',
      {
        id: 'text',
        consumer_id: 'text',
        encrypted_secret: 'text',
        authorizing_user_id: 'text',
        project_id: 'text',
        role_ids: 'json',
        expires_at: 'time?',
        created_at: 'time',
      },
      { primary: ['id'], index: [['consumer_id'], ['authorizing_user_id']] },
    )
    schema.table('identity_used_nonces', { nonce: 'text', used_at: 'int' }, { primary: ['nonce'], index: [['used_at']] })
    schema.table(
      'identity_endpoint_groups',
      { id: 'text', name: 'text', description: 'text', filters: 'json', created_at: 'time' },
      { primary: ['id'] },
    )
    schema.table(
      'identity_project_endpoints',
      { project_id: 'text', endpoint_id: 'text' },
      { primary: ['project_id', 'endpoint_id'], index: [['endpoint_id']] },
    )
    schema.table(
      'identity_project_endpoint_groups',
      { project_id: 'text', endpoint_group_id: 'text' },
      { primary: ['project_id', 'endpoint_group_id'], index: [['endpoint_group_id']] },
    )
    schema.table(
      'identity_party_keys',
      { name: 'text', generation: 'int', encrypted_key: 'text', is_group: 'bool', expires_at: 'time?', created_at: 'time' },
      { primary: ['name', 'generation'] },
    )
    schema.table('identity_party_groups', { name: 'text', created_at: 'time' }, { primary: ['name'] })
  },
}
