import type { Migration } from '../src/db/schema.ts'

/** Users of elsewhere: identity providers and how what they say is mapped, users and memberships that came by them, and directories. */
export const federation: Migration = {
  name: '0012-federation',
  change(schema) {
    schema.table(
      'identity_providers',
      { id: 'text', domain_id: 'text', enabled: 'bool=0', description: 'text?', authorization_ttl: 'int?', created_at: 'time' },
      { primary: ['id'], index: [['domain_id']] },
    )
    schema.table(
      'identity_provider_remote_ids',
      { remote_id: 'text', provider_id: 'text' },
      { primary: ['remote_id'], index: [['provider_id']] },
    )
    schema.table(
      'identity_protocols',
      { provider_id: 'text', id: 'text', mapping_id: 'text', remote_id_attribute: 'text?', created_at: 'time' },
      { primary: ['provider_id', 'id'], index: [['mapping_id']] },
    )
    schema.table(
      'identity_mappings',
      { id: 'text', mapping_rules: 'json', schema_version: 'text', created_at: 'time' },
      { primary: ['id'] },
    )
    schema.table(
      'identity_service_providers',
      {
        id: 'text',
        enabled: 'bool=0',
        description: 'text?',
        auth_url: 'text',
        sp_url: 'text',
        relay_state_prefix: 'text',
        created_at: 'time',
      },
      { primary: ['id'] },
    )
    schema.table(
      'identity_federated_users',
      { user_id: 'text', provider_id: 'text', protocol_id: 'text', unique_id: 'text', display_name: 'text?', last_seen_at: 'time' },
      { primary: ['provider_id', 'protocol_id', 'unique_id'], index: [['user_id']] },
    )
    schema.table(
      'identity_expiring_members',
      { user_id: 'text', group_id: 'text', provider_id: 'text', expires_at: 'int' },
      { primary: ['user_id', 'group_id', 'provider_id'], index: [['group_id'], ['provider_id'], ['expires_at']] },
    )
    schema.table(
      'identity_directory_entries',
      { public_id: 'text', domain_id: 'text', entity_type: 'text', local_id: 'text', distinguished_name: 'text', seen_at: 'int' },
      { primary: ['public_id'], unique: [['domain_id', 'entity_type', 'local_id']] },
    )
  },
}
