import type { Migration } from '../src/db/schema.ts'

/** Identity: domains are projects that act as one, as upstream has it. The domain_id of a domain or a global role is ''. */
export const identity: Migration = {
  name: '0002-identity',
  change(schema) {
    schema.table(
      'identity_projects',
      {
        id: 'text',
        name: 'text',
        domain_id: 'text',
        parent_id: 'text?',
        is_domain: 'bool',
        enabled: 'bool=1',
        description: 'text',
        extra: 'json',
        tags: 'json',
        options: 'json',
        created_at: 'time',
      },
      { primary: ['id'], unique: [['domain_id', 'name', 'is_domain']], index: [['parent_id']] },
    )
    schema.table(
      'identity_users',
      {
        id: 'text',
        name: 'text',
        domain_id: 'text',
        enabled: 'bool=1',
        password_hash: 'text?',
        password_changed_at: 'time?',
        password_expires_at: 'time?',
        default_project_id: 'text?',
        email: 'text?',
        description: 'text?',
        token_epoch: 'int=0',
        extra: 'json',
        options: 'json',
        created_at: 'time',
      },
      { primary: ['id'], unique: [['domain_id', 'name']] },
    )
    schema.table(
      'identity_groups',
      { id: 'text', name: 'text', domain_id: 'text', description: 'text', extra: 'json', created_at: 'time' },
      { primary: ['id'], unique: [['domain_id', 'name']] },
    )
    schema.table(
      'identity_group_members',
      { group_id: 'text', user_id: 'text' },
      { primary: ['group_id', 'user_id'], index: [['user_id']] },
    )
    schema.table(
      'identity_roles',
      {
        id: 'text',
        name: 'text',
        domain_id: 'text',
        description: 'text?',
        extra: 'json',
        options: 'json',
        created_at: 'time',
      },
      { primary: ['id'], unique: [['domain_id', 'name']] },
    )
    schema.table(
      'identity_implied_roles',
      { prior_role_id: 'text', implied_role_id: 'text' },
      { primary: ['prior_role_id', 'implied_role_id'] },
    )
    schema.table(
      'identity_assignments',
      {
        actor_type: 'text',
        actor_id: 'text',
        target_type: 'text',
        target_id: 'text',
        role_id: 'text',
        inherited: 'bool=0',
      },
      { primary: ['actor_id', 'target_id', 'role_id', 'inherited', 'actor_type', 'target_type'], index: [['target_id'], ['role_id']] },
    )
    schema.table(
      'identity_regions',
      { id: 'text', description: 'text', parent_region_id: 'text?', extra: 'json', created_at: 'time' },
      { primary: ['id'] },
    )
    schema.table(
      'identity_services',
      {
        id: 'text',
        type: 'text',
        name: 'text',
        description: 'text',
        enabled: 'bool=1',
        extra: 'json',
        managed: 'bool=0',
        created_at: 'time',
      },
      { primary: ['id'] },
    )
    schema.table(
      'identity_endpoints',
      {
        id: 'text',
        service_id: 'text',
        interface: 'text',
        region_id: 'text?',
        url: 'text',
        enabled: 'bool=1',
        extra: 'json',
        managed: 'bool=0',
        legacy_id: 'text?',
        created_at: 'time',
      },
      { primary: ['id'], index: [['service_id']] },
    )
    schema.table(
      'identity_credentials',
      {
        id: 'text',
        type: 'text',
        user_id: 'text',
        project_id: 'text?',
        encrypted_blob: 'text',
        extra: 'json',
        created_at: 'time',
      },
      { primary: ['id'], index: [['user_id']] },
    )
    schema.table('identity_revoked_tokens', { audit_id: 'text', expires_at: 'int' }, { primary: ['audit_id'] })
    schema.table('identity_state', { id: 'int', generation: 'int' }, { primary: ['id'] })
    schema.sql('insert into identity_state (id, generation) values (1, 1)')
  },
}
