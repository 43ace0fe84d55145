// Which names of which containers have to be copied: noted with the change itself, forgotten when the partner has it.
import type { Db, Tx } from '../../../db/database.ts'
import type { Container } from '../tables.ts'

export const syncs = (container: Container) => Boolean(container.metadata['x-container-sync-to'])

/** In the transaction that changes the object: it is to be sent, if the container is copied at all. `at` in units of timestamps. */
export async function noteChange({ db }: Tx, container: Container, name: string, at: number): Promise<void> {
  if (!syncs(container)) return
  await db
    .insertInto('object_store_sync')
    .values({ container_id: container.id, name, changed_at: at, retry_at: 0 })
    .onConflict((c) => c.columns(['container_id', 'name']).doUpdateSet({ changed_at: at, retry_at: 0 }))
    .execute()
}

/** All that the container holds is to be sent (again): it has a new partner. */
export async function noteAll(db: Db, containerId: number): Promise<void> {
  await forget(db, containerId)
  await db
    .insertInto('object_store_sync')
    .columns(['container_id', 'name', 'changed_at', 'retry_at'])
    .expression((eb) =>
      eb
        .selectFrom('object_store_objects')
        .select((e) => ['container_id', 'name', 'changed_at', e.val(0).as('retry_at')])
        .where('container_id', '=', containerId),
    )
    .execute()
}

export const forget = (db: Db, containerId: number) => db.deleteFrom('object_store_sync').where('container_id', '=', containerId).execute()

export interface Due {
  name: string
  changed_at: number
}

/** Containers with something to send now. */
export const dueContainers = async (db: Db, now: number): Promise<number[]> =>
  (await db.selectFrom('object_store_sync').select('container_id').distinct().where('retry_at', '<=', now).limit(1000).execute()).map(
    (row) => row.container_id,
  )

/** The oldest changes of a container first. */
export const dueNames = (db: Db, containerId: number, now: number, limit: number): Promise<Due[]> =>
  db
    .selectFrom('object_store_sync')
    .select(['name', 'changed_at'])
    .where('container_id', '=', containerId)
    .where('retry_at', '<=', now)
    .orderBy('changed_at')
    .orderBy('name')
    .limit(limit)
    .execute()

/** The partner has it, unless it has changed meanwhile. */
export const done = (db: Db, containerId: number, { name, changed_at }: Due) =>
  db
    .deleteFrom('object_store_sync')
    .where('container_id', '=', containerId)
    .where('name', '=', name)
    .where('changed_at', '=', changed_at)
    .execute()

/** To be tried again from that time on (milliseconds); all of the container's, or one name's. */
export function later(db: Db, containerId: number, until: number, name?: string) {
  const all = db.updateTable('object_store_sync').set({ retry_at: until }).where('container_id', '=', containerId)
  return (name === undefined ? all.where('retry_at', '<', until) : all.where('name', '=', name)).execute()
}

export const pending = async (db: Db): Promise<number> =>
  Number(
    (
      await db
        .selectFrom('object_store_sync')
        .select((eb) => eb.fn.countAll().as('count'))
        .executeTakeFirst()
    )?.count ?? 0,
  )
