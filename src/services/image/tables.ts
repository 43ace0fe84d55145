import type { ColumnType, Generated } from 'kysely'

export type ImageStatus = 'queued' | 'saving' | 'uploading' | 'importing' | 'active' | 'deactivated' | 'pending_delete'
export type Visibility = 'public' | 'private' | 'shared' | 'community'
export type MemberStatus = 'pending' | 'accepted' | 'rejected'

export interface ImageRow {
  id: string
  name: string | null
  owner_id: string
  /** Changes by events of the image's machine only. */
  status: ColumnType<ImageStatus, ImageStatus, never>
  visibility: Visibility
  container_format: string | null
  disk_format: string | null
  size: number | null
  virtual_size: number | null
  checksum: string | null
  os_hash_algo: string | null
  os_hash_value: string | null
  /** GiB. */
  min_disk: Generated<number>
  /** MiB. */
  min_ram: Generated<number>
  protected: Generated<boolean>
  os_hidden: Generated<boolean>
  /** Why the data cannot be booted although it was accepted: its content is not of the declared format. */
  content_fault: string | null
  /** The upload that is under way; another one cannot end it. */
  upload_id: string | null
  /** Bytes of the data that waits for its import, in the file of `upload_id`; null when there is none. */
  staged_bytes: Generated<number | null>
  /** Counts every change of the image, its tags and its properties: a rendered image is right as long as this is the same. */
  revision: Generated<number>
  created_at: string
  updated_at: string
}

export interface MemberRow {
  image_id: string
  member_id: string
  status: MemberStatus
  /** Version 1 only: whether the member may share the image in turn. */
  can_share: boolean
  created_at: string
  updated_at: string
}

/** `writing`: bytes may be on their way; `written`: whole, and not the image's data yet; `removing`: to be removed when it is due. */
export type LocationState = 'writing' | 'written' | 'active' | 'removing'

/** Data of an image in one store. */
export interface ImageLocationRow {
  store: string
  /** Name of the data in its store. */
  data_key: string
  image_id: string
  state: LocationState
  /** The upload or import that brought it. */
  upload_id: string | null
  size: number | null
  due_at: string | null
  /** Removals that have failed. */
  tries: Generated<number>
  created_at: string
}

export type ImageTaskStatus = 'pending' | 'processing' | 'success' | 'failure'

/** What clients see of an import: the task that does it has the same id. */
export interface ImageTaskRow {
  id: string
  type: 'import' | 'api_image_import'
  status: ImageTaskStatus
  owner_id: string
  user_id: string
  request_id: string
  image_id: string | null
  input: unknown
  result: unknown
  message: string
  expires_at: string | null
  created_at: string
  updated_at: string
}

declare module '../../db/tables.ts' {
  interface Tables {
    images: ImageRow
    /** `value_key`: the first 255 characters of the value, by which images are looked for. */
    image_properties: { image_id: string; name: string; value: string; value_key: string }
    image_tags: { image_id: string; tag: string }
    image_members: MemberRow
    image_locations: ImageLocationRow
    image_tasks: ImageTaskRow
    image_tombstones: { id: string; deleted_at: string }
  }
}
