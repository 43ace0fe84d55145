import type { Migration } from '../src/db/schema.ts'

const object = {
  container_id: 'int',
  name: 'text',
  version_id: 'text',
  place: 'text',
  data_id: 'text?',
  size: 'int',
  stored: 'int',
  etag: 'text',
  content_type: 'text',
  kind: 'text',
  metadata: 'json',
  made_at: 'int',
  changed_at: 'int',
  delete_at: 'int?',
}

/** Object store: times are counted in units of 10 microseconds since the epoch, as X-Timestamp has them. */
export const objectStore: Migration = {
  name: '0006-object-store',
  change(schema) {
    schema.table(
      'object_store_accounts',
      { account: 'text', metadata: 'json', containers: 'int=0', objects: 'int=0', bytes_used: 'int=0', made_at: 'int', changed_at: 'int' },
      { primary: ['account'] },
    )
    schema.table(
      'object_store_containers',
      {
        id: 'serial',
        account: 'text',
        name: 'text',
        metadata: 'json',
        objects: 'int=0',
        bytes_used: 'int=0',
        changes: 'int=0',
        made_at: 'int',
        changed_at: 'int',
      },
      { unique: [['account', 'name']] },
    )
    schema.table('object_store_objects', object, {
      primary: ['container_id', 'name'],
      index: [['delete_at'], ['data_id']],
      clustered: true,
    })
    schema.table('object_store_versions', object, {
      primary: ['container_id', 'name', 'version_id'],
      index: [['delete_at'], ['data_id']],
      clustered: true,
    })
    schema.table('object_store_blobs', { id: 'text', data: 'bytes' }, { primary: ['id'] })
  },
}
