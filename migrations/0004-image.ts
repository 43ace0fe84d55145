import type { Migration } from '../src/db/schema.ts'

/** Images with their tags, custom properties and members. Ids of deleted images are kept: they must never name other data. */
export const image: Migration = {
  name: '0004-image',
  change(schema) {
    schema.table(
      'images',
      {
        id: 'text',
        name: 'text?',
        owner_id: 'text',
        status: 'text',
        visibility: 'text',
        container_format: 'text?',
        disk_format: 'text?',
        size: 'int?',
        virtual_size: 'int?',
        checksum: 'text?',
        os_hash_algo: 'text?',
        os_hash_value: 'text?',
        min_disk: 'int=0',
        min_ram: 'int=0',
        protected: 'bool=0',
        os_hidden: 'bool=0',
        content_fault: 'text?',
        upload_id: 'text?',
        revision: 'int=0',
        created_at: 'time',
        updated_at: 'time',
      },
      {
        primary: ['id'],
        index: [
          ['owner_id', 'created_at'],
          ['visibility', 'created_at'],
          ['created_at', 'id'],
        ],
      },
    )
    schema.table(
      'image_properties',
      { image_id: 'text', name: 'text', value: 'text' },
      { primary: ['image_id', 'name'], index: [['name', 'value']], references: { image_id: 'images.id' } },
    )
    schema.table(
      'image_tags',
      { image_id: 'text', tag: 'text' },
      { primary: ['image_id', 'tag'], index: [['tag']], references: { image_id: 'images.id' } },
    )
    schema.table(
      'image_members',
      { image_id: 'text', member_id: 'text', status: 'text', created_at: 'time', updated_at: 'time' },
      { primary: ['image_id', 'member_id'], index: [['member_id', 'status']], references: { image_id: 'images.id' } },
    )
    schema.table('image_tombstones', { id: 'text', deleted_at: 'time' }, { primary: ['id'] })
  },
}
