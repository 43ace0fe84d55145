import type { Migration } from '../src/db/schema.ts'

const times = { created_at: 'time', updated_at: 'time' }

/** Metadata definitions, image tasks, data that waits for its import, and what members of version 1 may do. */
export const imageMore: Migration = {
  name: '0007-image-more',
  change(schema) {
    schema.table(
      'metadata_namespaces',
      {
        id: 'text',
        name: 'text',
        display_name: 'text?',
        description: 'text?',
        visibility: 'text',
        protected: 'bool=0',
        owner_id: 'text',
        ...times,
      },
      { primary: ['id'], unique: [['name']], index: [['created_at']] },
    )
    const inNamespace = { references: { namespace_id: 'metadata_namespaces.id' }, primary: ['namespace_id', 'name'] }
    schema.table(
      'metadata_objects',
      { namespace_id: 'text', name: 'text', description: 'text?', required_names: 'json', definitions: 'json', ...times },
      inNamespace,
    )
    schema.table('metadata_properties', { namespace_id: 'text', name: 'text', definition: 'json', ...times }, inNamespace)
    schema.table('metadata_tags', { namespace_id: 'text', name: 'text', ...times }, inNamespace)
    schema.table('metadata_resource_types', { name: 'text', ...times }, { primary: ['name'] })
    schema.table(
      'metadata_associations',
      { namespace_id: 'text', name: 'text', prefix: 'text?', properties_target: 'text?', ...times },
      {
        primary: ['namespace_id', 'name'],
        index: [['name']],
        references: { namespace_id: 'metadata_namespaces.id', name: 'metadata_resource_types.name' },
      },
    )
    schema.table(
      'image_tasks',
      {
        id: 'text',
        type: 'text',
        status: 'text',
        owner_id: 'text',
        user_id: 'text',
        request_id: 'text',
        image_id: 'text?',
        input: 'json',
        result: 'json?',
        message: 'text=',
        expires_at: 'time?',
        ...times,
      },
      { primary: ['id'], index: [['owner_id', 'created_at'], ['image_id'], ['expires_at']] },
    )
    schema.addColumn('images', 'staged_bytes', 'int?')
    schema.addColumn('image_members', 'can_share', 'bool=0')
  },
}
