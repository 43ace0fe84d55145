import type { Migration } from '../src/db/schema.ts'

/** Account security, keys, revocation events, configuration of domains, unified limits. */
export const identitySecurity: Migration = {
  name: '0011-identity-security',
  change(schema) {
    schema.addColumn('identity_users', 'failed_auth_count', 'int=0')
    schema.addColumn('identity_users', 'failed_auth_at', 'time?')
    schema.addColumn('identity_users', 'last_active_at', 'time?')
    schema.addColumn('identity_users', 'self_service_password', 'bool=0')
    schema.table(
      'identity_password_history',
      { id: 'text', user_id: 'text', password_hash: 'text', created_at: 'time' },
      { primary: ['id'], index: [['user_id', 'created_at']] },
    )
    // Passcodes: the newest period that was used, and wrong ones since a right one.
    schema.table(
      'identity_passcode_uses',
      { user_id: 'text', last_period: 'int=0', failed_auth_count: 'int=0', failed_auth_at: 'time?' },
      { primary: ['user_id'] },
    )
    // The row that is written for a wrong password of a user who is not there, so that it takes as long.
    schema.sql('insert into identity_state (id, generation) values (2, 0)')
    schema.addColumn('identity_state', 'key_generation', 'int=0')
    schema.table(
      'identity_keys',
      { purpose: 'text', number: 'int', wrapped_key: 'text', created_at: 'time', drop_at: 'time?' },
      { primary: ['purpose', 'number'] },
    )
    schema.table(
      'identity_revocation_events',
      {
        id: 'text',
        user_id: 'text?',
        project_id: 'text?',
        domain_id: 'text?',
        role_id: 'text?',
        audit_id: 'text?',
        audit_chain_id: 'text?',
        trust_id: 'text?',
        consumer_id: 'text?',
        access_token_id: 'text?',
        revoked_at: 'time',
      },
      { primary: ['id'], index: [['revoked_at']] },
    )
    schema.table(
      'identity_domain_options',
      {
        domain_id: 'text',
        config_group: 'text',
        config_option: 'text',
        // JSON as text, since a bare string is a value too; encrypted where it is a secret.
        value_text: 'text?',
        encrypted_value: 'text?',
      },
      { primary: ['domain_id', 'config_group', 'config_option'] },
    )
    schema.table(
      'identity_registered_limits',
      {
        id: 'text',
        service_id: 'text',
        region_id: 'text',
        resource_name: 'text',
        default_limit: 'int',
        description: 'text?',
        created_at: 'time',
      },
      { primary: ['id'], unique: [['service_id', 'region_id', 'resource_name']] },
    )
    schema.table(
      'identity_limits',
      {
        id: 'text',
        registered_limit_id: 'text',
        project_id: 'text',
        domain_id: 'text',
        resource_limit: 'int',
        description: 'text?',
        created_at: 'time',
      },
      {
        primary: ['id'],
        unique: [['registered_limit_id', 'project_id', 'domain_id']],
        index: [['project_id'], ['domain_id']],
        references: { registered_limit_id: 'identity_registered_limits.id' },
      },
    )
  },
}
