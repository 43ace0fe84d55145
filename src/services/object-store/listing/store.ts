import type { ExpressionBuilder } from 'kysely'
import type { Db } from '../../../db/database.ts'
import type { Tables } from '../../../db/tables.ts'
import type { Headers, ObjectRow } from '../tables.ts'
import type { Range } from './walk.ts'

export type ListedObject = Pick<
  ObjectRow,
  'name' | 'version_id' | 'size' | 'etag' | 'content_type' | 'kind' | 'metadata' | 'made_at' | 'changed_at'
>

/** Metadata of what listings tell more of than bytes; of all else nothing, since to read it costs more than the row. */
export const linkMetadata = (eb: ExpressionBuilder<Tables, 'object_store_objects' | 'object_store_versions'>) =>
  eb
    .case()
    .when('kind', 'in', ['link', 'slo'])
    .then(eb.ref('metadata'))
    .else('{}' as unknown as Headers)
    .end()
    .as('metadata')

export const objectsIn = (db: Db, containerId: number, { from, after, to, limit, reverse }: Range): Promise<ListedObject[]> => {
  let query = db
    .selectFrom('object_store_objects')
    .select(['name', 'version_id', 'size', 'etag', 'content_type', 'kind', 'made_at', 'changed_at'])
    .select(linkMetadata)
    .where('container_id', '=', containerId)
    .limit(limit)
    .orderBy('name', reverse ? 'desc' : 'asc')
  if (from !== null) query = query.where('name', after ? '>' : '>=', from)
  if (to !== null) query = query.where('name', '<', to)
  return query.execute()
}

export interface ListedContainer {
  name: string
  objects: number
  bytes_used: number
  changed_at: number
}

export const containersIn = (db: Db, account: string, { from, after, to, limit, reverse }: Range): Promise<ListedContainer[]> => {
  let query = db
    .selectFrom('object_store_containers')
    .select(['name', 'objects', 'bytes_used', 'changed_at'])
    .where('account', '=', account)
    .limit(limit)
    .orderBy('name', reverse ? 'desc' : 'asc')
  if (from !== null) query = query.where('name', after ? '>' : '>=', from)
  if (to !== null) query = query.where('name', '<', to)
  return query.execute()
}
