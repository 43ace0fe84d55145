import type { Migration } from '../src/db/schema.ts'

/** An object's entry in a JSON listing; null where SQL alone cannot make it. Must be the text that listing/in-sqlite.ts asks for. */
const entry = `case when kind = '' and content_type not glob '*[^ -~]*' then '{"bytes":' || size || ',"hash":"' || etag || '","name":' || json_quote(name) || ',"content_type":' || json_quote(content_type) || ',"last_modified":"' || strftime('%Y-%m-%dT%H:%M:%S', changed_at / 100000, 'unixepoch') || printf('.%05d0"}', changed_at % 100000) end`

/**
 * Object store: on SQLite listings are read from an index that holds their entries, made ready. The two other indexes keep only the
 * rows that are looked for by them: few objects end by themselves, and small ones have no file.
 */
export const objectStoreSpeed: Migration = {
  name: '0014-object-store-speed',
  change(schema) {
    schema.only('sqlite', `create index object_store_objects_listed on object_store_objects (container_id, name, ${entry})`)
    for (const table of ['object_store_objects', 'object_store_versions']) {
      schema.sql(`drop index ${table}_delete_at`)
      schema.sql(`drop index ${table}_data_id`)
      schema.sql(`create index ${table}_delete_at on ${table} (delete_at) where delete_at is not null`)
      schema.sql(`create index ${table}_data_id on ${table} (data_id) where place <> 'row'`)
    }
  },
}
