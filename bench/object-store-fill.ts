// A container of any size in seconds: rows beside the running cloud, as the API would have made them (empty objects).
import Sqlite from 'better-sqlite3'

/** Fills a new container with `folders` times `each` objects, named `f000/o000000`; writes in pieces, so that the cloud can write in between. */
export async function fillContainer(database: string, account: string, name: string, folders: number, each: number): Promise<void> {
  const file = new Sqlite(database, { timeout: 10_000 })
  const now = Date.now() * 100
  const container = file
    .prepare('insert into object_store_containers (account, name, metadata, made_at, changed_at) values (?, ?, ?, ?, ?)')
    .run(account, name, '{}', now, now).lastInsertRowid
  const insert = file.prepare(
    `insert into object_store_objects (container_id, name, version_id, place, data_id, size, stored, etag, content_type, kind, metadata,
      made_at, changed_at, delete_at) values (?, ?, '', 'none', null, 0, 0, 'd41d8cd98f00b204e9800998ecf8427e', 'application/octet-stream', '', '{}', ?, ?, null)`,
  )
  const fill = file.transaction((folder: number) => {
    for (let index = 0; index < each; index++)
      insert.run(container, `f${String(folder).padStart(3, '0')}/o${String(index).padStart(6, '0')}`, now, now)
  })
  for (let folder = 0; folder < folders; folder++) {
    fill.immediate(folder)
    if (folder % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  file.prepare('update object_store_containers set objects = ?, changes = changes + 1 where id = ?').run(folders * each, container)
  file
    .prepare('update object_store_accounts set containers = containers + 1, objects = objects + ? where account = ?')
    .run(folders * each, account)
  file.close()
}
