import type { Migration } from '../src/db/schema.ts'

/** Names in containers that are copied to another one, which changed since; `retry_at` is in milliseconds since the epoch. */
export const containerSync: Migration = {
  name: '0015-container-sync',
  change(schema) {
    schema.table(
      'object_store_sync',
      { container_id: 'int', name: 'text', changed_at: 'int', retry_at: 'int=0' },
      { primary: ['container_id', 'name'], index: [['retry_at', 'container_id', 'changed_at']] },
    )
  },
}
