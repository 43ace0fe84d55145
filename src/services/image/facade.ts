// What other services may ask of images.
import { join } from 'node:path'
import type { Cloud } from '../../cloud.ts'
import type { Db } from '../../db/database.ts'
import { fileImageStore, hasFile, type ImageStore } from './data/store.ts'
import { completeOne, findVisible } from './images/store.ts'
import { createImageTexts, type ImageTexts } from './images/view.ts'
import { createImportJobs, type ImportJobs } from './imports/jobs.ts'

export interface ImageForBoot {
  id: string
  name: string | null
  status: string
  diskFormat: string | null
  containerFormat: string | null
  size: number | null
  virtualSize: number | null
  minDiskGiB: number
  minRamMiB: number
  sha512: string | null
  properties: Record<string, string>
  /** Why it cannot be booted whatever its status: its content is not of its declared format. */
  contentFault: string | null
  visibility: string
  ownerId: string
  protected: boolean
  createdAt: string
  updatedAt: string
}

export interface ImageFacade {
  /** The image as the project may see it; undefined otherwise. */
  find(db: Db, imageId: string, who: { projectId: string | null; isAdmin: boolean }): Promise<ImageForBoot | undefined>
  /** Path of the stored file on this machine (for the agent of the same machine) and its facts; undefined unless the image is active and its content sound. */
  file(db: Db, imageId: string): Promise<{ path: string; size: number; sha512: string; format: string } | undefined>
  /** Where the bytes are; of no concern outside of the image service. */
  store: ImageStore
  /** Rendered images, of no concern outside either. */
  texts: ImageTexts
  /** Transfers of imports that are under way. */
  imports: ImportJobs
}

declare module '../facades.ts' {
  interface Facades {
    image: ImageFacade
  }
}

export function imageFacade(cloud: Cloud): ImageFacade {
  const store = fileImageStore(join(cloud.config.dataDir, 'images'))
  return {
    store,
    texts: createImageTexts(),
    imports: createImportJobs(cloud),
    async find(db, imageId, who) {
      const row = await findVisible(db, imageId, who)
      if (!row) return undefined
      const { properties } = await completeOne(db, row)
      return {
        id: row.id,
        name: row.name,
        status: row.status,
        diskFormat: row.disk_format,
        containerFormat: row.container_format,
        size: row.size,
        virtualSize: row.virtual_size,
        minDiskGiB: row.min_disk,
        minRamMiB: row.min_ram,
        sha512: row.os_hash_value,
        contentFault: row.content_fault,
        properties,
        visibility: row.visibility,
        ownerId: row.owner_id,
        protected: row.protected,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
      }
    },
    async file(db, imageId) {
      const row = await db
        .selectFrom('images')
        .selectAll()
        .where('id', '=', imageId)
        .where('status', '=', 'active')
        .where('content_fault', 'is', null)
        .executeTakeFirst()
      if (!row || row.size === null || row.os_hash_value === null || row.disk_format === null) return undefined
      const path = store.path(row.id)
      if (!(await hasFile(path, row.size))) return undefined
      return { path, size: row.size, sha512: row.os_hash_value, format: row.disk_format }
    },
  }
}
