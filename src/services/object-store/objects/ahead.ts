// One query for all that a request for an object begins with: identity's generation, the container, and for reads the object.
// A query more costs a small GET a fifth of its time, and the three being of one moment needs no thought about caches.
import type { Cloud } from '../../../cloud.ts'
import { prepared } from '../storage/prepared.ts'
import type { Container } from '../tables.ts'
import type { Place as ObjectPlace } from './scope.ts'
import type { StoredObject } from './store.ts'

/** Without an object where the request is about a container. */
type Place = Pick<ObjectPlace, 'account' | 'container'> & { object?: string | undefined }

/** `undefined`: not there; null: not asked for. `data` are the object's bytes where they are a row. */
export interface Ahead {
  generation: number
  place: Place
  container: Container | undefined
  object: (StoredObject & { data?: Buffer | null }) | undefined | null
}

type ContainerPart = { [Name in keyof Container as `c_${Name}`]: Container[Name] | null } & { generation: number }
type ObjectPart = { [Name in keyof StoredObject]: StoredObject[Name] | null }

const columns = ['id', 'account', 'name', 'metadata', 'objects', 'bytes_used', 'changes', 'made_at', 'changed_at'] as const
const containerColumns = columns.map((name) => `object_store_containers.${name} as c_${name}` as const)

const query = (read: 'container' | 'object' | 'bytes') =>
  prepared<ContainerPart & Partial<ObjectPart> & { data?: Buffer | null }>((db) => {
    const container = db
      .selectFrom('identity_state')
      .leftJoin('object_store_containers', (on) =>
        on.on('object_store_containers.account', '=', '').on('object_store_containers.name', '=', ''),
      )
      .select(['identity_state.generation', ...containerColumns])
    if (read === 'container') return container as never
    const object = container
      .leftJoin('object_store_objects', (on) =>
        on.onRef('object_store_objects.container_id', '=', 'object_store_containers.id').on('object_store_objects.name', '=', ''),
      )
      .selectAll('object_store_objects')
    if (read === 'object') return object as never
    return object
      .leftJoin('object_store_blobs', 'object_store_blobs.id', 'object_store_objects.data_id')
      .select('object_store_blobs.data') as never
  })
const queries = { container: query('container'), object: query('object'), bytes: query('bytes') }

/** What an operation declares as its `ahead`; `bytes` reads the object with its bytes. */
export const lookAhead =
  (read: 'container' | 'object' | 'bytes') =>
  async ({ database }: Cloud, place: Place): Promise<Ahead> => {
    const { account, container, object } = place
    const [row] = await queries[read](database.read, read === 'container' ? [account, container] : [account, container, object])
    const found = row!
    return {
      generation: found.generation,
      place,
      container:
        found.c_id === null
          ? undefined
          : {
              id: found.c_id,
              account: found.c_account!,
              name: found.c_name!,
              metadata: found.c_metadata!,
              objects: found.c_objects!,
              bytes_used: found.c_bytes_used!,
              changes: found.c_changes!,
              made_at: found.c_made_at!,
              changed_at: found.c_changed_at!,
            },
      object: read === 'container' ? null : found.name === null ? undefined : objectOf(found as StoredObject),
    }
  }

/** The object of a row that has more: written out, since to leave columns out of a copy costs more than the query. */
const objectOf = (row: StoredObject & { data?: Buffer | null }): StoredObject & { data: Buffer | null } => ({
  container_id: row.container_id,
  name: row.name,
  version_id: row.version_id,
  place: row.place,
  data_id: row.data_id,
  size: row.size,
  stored: row.stored,
  etag: row.etag,
  content_type: row.content_type,
  kind: row.kind,
  metadata: row.metadata,
  made_at: row.made_at,
  changed_at: row.changed_at,
  delete_at: row.delete_at,
  data: row.data ?? null,
})

/** What was read ahead of this request, when it is about that place. */
export function readAhead(context: { ahead?: unknown }, { account, container, object }: Place): Ahead | null {
  const ahead = context.ahead as Ahead | undefined
  const { place } = ahead ?? {}
  return place?.account === account && place.container === container && place.object === object ? ahead! : null
}
