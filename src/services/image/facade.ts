// What other services may ask of images.
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { BaseContext } from '../../api/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Db } from '../../db/database.ts'
import { type Arrivals, createArrivals } from './data/arrivals.ts'
import { createStaging, type Staging } from './data/staging.ts'
import { createUnfinished, type Unfinished } from './data/unfinished.ts'
import { activeLocations } from './images/locations.ts'
import { viewerOf } from './images/resource.ts'
import { addresses } from './images/shown-locations.ts'
import { completeOne, findVisible } from './images/store.ts'
import { createImageTexts, type ImageTexts } from './images/view.ts'
import { createImportJobs, type ImportJobs } from './imports/jobs.ts'
import { createCache, type ImageCache } from './stores/cache.ts'
import { openStores, type Stores } from './stores/index.ts'
import { createScrubber, type Scrubber } from './stores/place.ts'

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
  /** The image as the asker may see it; undefined otherwise. */
  find(db: Db, imageId: string, asker: Pick<BaseContext, 'cloud' | 'who'>): Promise<ImageForBoot | undefined>
  /** Facts of the data and the data itself, from whichever store gives it; undefined unless the image is active and its content sound. */
  data(db: Db, imageId: string): Promise<{ size: number; sha512: string; format: string; read(): Promise<Readable> } | undefined>
  /** Files of uploads; of no concern outside of the image service, like all that follows. */
  store: Staging
  stores: Stores
  arrivals: Arrivals
  unfinished: Unfinished
  /** Copies on the local disk, and through them the way to read images. */
  cache: ImageCache
  scrubber: Scrubber
  /** Rendered images. */
  texts: ImageTexts
  /** Transfers of imports that are under way. */
  imports: ImportJobs
}

declare module '../facades.ts' {
  interface Facades {
    image: ImageFacade
  }
}

export function imageFacade(cloud: Cloud, objectStore: Cloud['objectStore']): ImageFacade {
  const stores = openStores({ config: cloud.config, environment: cloud.environment, objectStore })
  const scrubber = createScrubber(cloud)
  const cache = createCache(cloud)
  stores.onFree = scrubber.kick
  return {
    store: createStaging(join(cloud.config.dataDir, 'images', 'incoming')),
    stores,
    arrivals: createArrivals(),
    unfinished: createUnfinished(cloud),
    cache,
    scrubber,
    texts: createImageTexts((image) => addresses({ config: cloud.config, stores }, image)),
    imports: createImportJobs(cloud),
    async find(db, imageId, asker) {
      const row = await findVisible(db, imageId, viewerOf(asker))
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
    async data(db, imageId) {
      const row = await db
        .selectFrom('images')
        .selectAll()
        .where('id', '=', imageId)
        .where('status', '=', 'active')
        .where('content_fault', 'is', null)
        .executeTakeFirst()
      if (!row || row.size === null || row.os_hash_value === null || row.disk_format === null) return undefined
      const { size } = row
      const locations = await activeLocations(db, imageId)
      if (!locations.length) return undefined
      const read = () => cache.read({ id: row.id, size }, locations, 0, size - 1)
      return { size, sha512: row.os_hash_value, format: row.disk_format, read }
    },
  }
}
