import type { Generated, Selectable } from 'kysely'

/** Header names in lower case to values, as they came. */
export type Headers = Record<string, string>

export interface AccountRow {
  /** With its prefix: `AUTH_` and the project's id. */
  account: string
  metadata: Headers
  containers: Generated<number>
  objects: Generated<number>
  bytes_used: Generated<number>
  made_at: number
  changed_at: number
}

export interface ContainerRow {
  id: Generated<number>
  account: string
  name: string
  metadata: Headers
  objects: Generated<number>
  bytes_used: Generated<number>
  /** Goes up with each change of what a listing shows. */
  changes: Generated<number>
  made_at: number
  changed_at: number
}

/** `''` plain data, `slo` a static manifest, `dlo` a dynamic one, `link` a symbolic link, `marker` a deletion among versions. */
export type ObjectKind = '' | 'slo' | 'dlo' | 'link' | 'marker'
/** Where the bytes are: nowhere (none), in object_store_blobs, in a file, in the S3 service that the operator named. */
export type Place = 'none' | 'row' | 'file' | 'remote'

export interface ObjectRow {
  container_id: number
  name: string
  /** '' where the container keeps no versions. */
  version_id: string
  place: Place
  data_id: string | null
  /** Bytes as clients see them; of a static manifest, all segments. */
  size: number
  /** Bytes that are kept for it. */
  stored: number
  /** MD5 of the content; for manifests MD5 of the segments' MD5s. */
  etag: string
  content_type: string
  kind: ObjectKind
  metadata: Headers
  made_at: number
  changed_at: number
  /** Seconds since the epoch. */
  delete_at: number | null
}

export type Account = Selectable<AccountRow>
export type Container = Selectable<ContainerRow>

declare module '../../db/tables.ts' {
  interface Tables {
    object_store_accounts: AccountRow
    object_store_containers: ContainerRow
    object_store_objects: ObjectRow
    object_store_versions: ObjectRow
    /** What is still to be sent to the container's partner. */
    object_store_sync: { container_id: number; name: string; changed_at: number; retry_at: Generated<number> }
    object_store_blobs: { id: string; data: Buffer }
  }
}
