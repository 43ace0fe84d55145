import type { Migration } from '../src/db/schema.ts'

/** Where the data of each image is: one row for each store, made before the first byte goes there and removed after the last has left. */
export const imageStores: Migration = {
  name: '0013-image-stores',
  change(schema) {
    schema.table(
      'image_locations',
      {
        store: 'text',
        data_key: 'text',
        image_id: 'text',
        state: 'text',
        upload_id: 'text?',
        size: 'int?',
        due_at: 'time?',
        tries: 'int=0',
        created_at: 'time',
      },
      { primary: ['store', 'data_key'], index: [['image_id'], ['state', 'due_at']] },
    )
    schema.sql(
      `insert into image_locations (store, data_key, image_id, state, size, created_at)
       select 'file', id, id, 'active', size, created_at from images where status in ('active', 'deactivated') and size is not null`,
    )
  },
}
