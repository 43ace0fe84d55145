import type { Selectable } from 'kysely'
import type { Moved, Tables } from '../../db/tables.ts'

export type ImageStatus = 'queued' | 'saving' | 'uploading' | 'importing' | 'active' | 'deactivated' | 'pending_delete'
export type Visibility = 'public' | 'private' | 'shared' | 'community'
export type MemberStatus = 'pending' | 'accepted' | 'rejected'

/** `writing`: bytes may be on their way; `written`: whole, and not the image's data yet; `removing`: to be removed when it is due. */
export type LocationState = 'writing' | 'written' | 'active' | 'removing'

export type ImageTaskStatus = 'pending' | 'processing' | 'success' | 'failure'

declare module '../../db/tables.ts' {
  interface Narrow {
    images: {
      status: Moved<ImageStatus>
      visibility: Visibility
      /** GiB. */
      min_disk: number
      /** MiB. */
      min_ram: number
      /** Why the data cannot be booted although it was accepted: its content is not of the declared format. */
      content_fault: string
      /** The upload that is under way; another one cannot end it. */
      upload_id: string
      /** Bytes of the data that waits for its import, in the file of `upload_id`; null when there is none. */
      staged_bytes: number
      /** Counts every change of the image, its tags and its properties: a rendered image is right as long as this is the same. */
      revision: number
    }
    image_properties: {
      /** The first 255 characters of the value, by which images are looked for. */
      value_key: string
    }
    image_members: {
      status: MemberStatus
      /** Version 1 only: whether the member may share the image in turn. */
      can_share: boolean
    }
    /** Data of an image in one store. */
    image_locations: {
      /** Name of the data in its store. */
      data_key: string
      state: LocationState
      /** The upload or import that brought it. */
      upload_id: string
      /** Removals that have failed. */
      tries: number
    }
    /** What clients see of an import: the task that does it has the same id. */
    image_tasks: {
      type: 'import' | 'api_image_import'
      status: ImageTaskStatus
    }
  }
}

export type ImageRow = Tables['images']
export type MemberRow = Selectable<Tables['image_members']>
export type ImageLocationRow = Tables['image_locations']
export type ImageTaskRow = Selectable<Tables['image_tasks']>
