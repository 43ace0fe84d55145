import type { Selectable } from 'kysely'
import type { Tables } from '../../db/tables.ts'

/** Header names in lower case to values, as they came. */
export type Headers = Record<string, string>

/** `''` plain data, `slo` a static manifest, `dlo` a dynamic one, `link` a symbolic link, `marker` a deletion among versions. */
export type ObjectKind = '' | 'slo' | 'dlo' | 'link' | 'marker'
/** Where the bytes are: nowhere (none), in object_store_blobs, in a file, in the S3 service that the operator named. */
export type Place = 'none' | 'row' | 'file' | 'remote'

interface ObjectColumns {
  /** '' where the container keeps no versions. */
  version_id: string
  place: Place
  /** Bytes as clients see them; of a static manifest, all segments. */
  size: number
  /** Bytes that are kept for it. */
  stored: number
  /** MD5 of the content; for manifests MD5 of the segments' MD5s. */
  etag: string
  kind: ObjectKind
  metadata: Headers
  /** Seconds since the epoch. */
  delete_at: number
}

declare module '../../db/tables.ts' {
  interface Narrow {
    object_store_accounts: {
      /** With its prefix: `AUTH_` and the project's id. */
      account: string
      metadata: Headers
    }
    object_store_containers: {
      metadata: Headers
      /** Goes up with each change of what a listing shows. */
      changes: number
    }
    object_store_objects: ObjectColumns
    object_store_versions: ObjectColumns
    /** What is still to be sent to the container's partner. */
    object_store_sync: {
      /** Milliseconds since the epoch. */
      retry_at: number
    }
  }
}

export type AccountRow = Tables['object_store_accounts']
export type ContainerRow = Tables['object_store_containers']
export type ObjectRow = Tables['object_store_objects']

/** Rows as they are read. */
export type Account = Selectable<AccountRow>
export type Container = Selectable<ContainerRow>
