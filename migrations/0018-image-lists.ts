import type { Migration } from '../src/db/schema.ts'

/**
 * Lists of images: by name, and by tags and properties whose entries stand in their indexes whole. What is looked for of a property
 * is the beginning of its value: an index of PostgreSQL takes no long ones.
 */
export const imageLists: Migration = {
  name: '0018-image-lists',
  change(schema) {
    const ofImage = { references: { image_id: 'images.id' }, clustered: true } as const
    schema.table(
      'image_properties_new',
      { image_id: 'text', name: 'text', value: 'text', value_key: 'text' },
      { primary: ['image_id', 'name'], ...ofImage },
    )
    schema.sql(
      'insert into image_properties_new (image_id, name, value, value_key) select image_id, name, value, substr(value, 1, 255) from image_properties',
    )
    schema.table('image_tags_new', { image_id: 'text', tag: 'text' }, { primary: ['image_id', 'tag'], ...ofImage })
    schema.sql('insert into image_tags_new (image_id, tag) select image_id, tag from image_tags')
    for (const table of ['image_properties', 'image_tags']) {
      schema.dropTable(table)
      schema.renameTable(`${table}_new`, table)
    }
    schema.index('image_properties', ['name', 'value_key', 'image_id'])
    schema.index('image_tags', ['tag', 'image_id'])
    schema.index('images', ['name'])
  },
}
