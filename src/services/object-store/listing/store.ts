import type { Db } from '../../../db/database.ts'
import type { ObjectRow } from '../tables.ts'
import type { Range } from './walk.ts'

export type ListedObject = Pick<ObjectRow, 'name' | 'size' | 'etag' | 'content_type' | 'kind' | 'made_at' | 'changed_at'>

export const objectsIn = (db: Db, containerId: number, { from, after, to, limit, reverse }: Range): Promise<ListedObject[]> => {
  let query = db
    .selectFrom('object_store_objects')
    .select(['name', 'size', 'etag', 'content_type', 'kind', 'made_at', 'changed_at'])
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
