import type { Migration } from '../src/db/schema.ts'

/** An object's entry in a JSON listing; null where SQL alone cannot make it: manifests, and texts that are not ASCII. */
const entry = (row: '' | 'new.') =>
  `case when ${row}kind = '' and ${row}content_type not glob '*[^ -~]*' then '{"bytes":' || ${row}size || ',"hash":"' || ${row}etag || '","name":' || json_quote(${row}name) || ',"content_type":' || json_quote(${row}content_type) || ',"last_modified":"' || strftime('%Y-%m-%dT%H:%M:%S', ${row}changed_at / 100000, 'unixepoch') || printf('.%05d0"}', ${row}changed_at % 100000) end`

/**
 * Object store on SQLite: the entries of listings stand in a table of their own, in the order of names, instead of an index: for each entry
 * of an index SQLite looks for the object too, although it needs nothing of it. Triggers keep the table right, whoever writes.
 */
export const objectListings: Migration = {
  name: '0019-object-listings',
  change(schema) {
    const sqlite = (statement: string) => schema.only('sqlite', statement)
    const same = (row: 'new' | 'old') => `container_id = ${row}.container_id and name = ${row}.name`
    const on = (event: string) =>
      `create trigger object_store_listed_${event.split(' ')[0]} after ${event} on object_store_objects for each row begin`
    sqlite(`create table object_store_listed (
  container_id integer not null,
  name text not null,
  entry text,
  primary key (container_id, name)
) without rowid`)
    sqlite(`insert into object_store_listed select container_id, name, ${entry('')} from object_store_objects order by container_id, name`)
    sqlite(`${on('insert')} insert into object_store_listed values (new.container_id, new.name, ${entry('new.')}); end`)
    sqlite(`${on('delete')} delete from object_store_listed where ${same('old')}; end`)
    sqlite(
      `${on('update of kind, size, etag, content_type, changed_at')} update object_store_listed set entry = ${entry('new.')} where ${same('new')}; end`,
    )
    sqlite('drop index object_store_objects_listed')
  },
}
