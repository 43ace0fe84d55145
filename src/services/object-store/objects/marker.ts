// The mark that a removal leaves among the versions of a name.
import type { Container } from '../tables.ts'
import type { StoredObject } from './store.ts'

/** The type of marks of removal. */
export const deletedType = 'application/x-deleted;swift_versions_deleted=1'

/** The mark as a row. */
export const marker = (container: Container, name: string, version_id: string, at: number): StoredObject => ({
  container_id: container.id,
  name,
  version_id,
  place: 'none',
  data_id: null,
  size: 0,
  stored: 0,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  content_type: deletedType,
  kind: 'marker',
  metadata: {},
  made_at: at,
  changed_at: at,
  delete_at: null,
})
