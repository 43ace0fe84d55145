// Images as JSON text. The text depends on nothing but the image, so it is kept until the image's revision changes.
import type { Db } from '../../../db/database.ts'
import { complete, type FullImage } from './store.ts'

/** Times on the wire have whole seconds. */
export const wireTime = (iso: string) => `${iso.slice(0, 19)}Z`

/** `more`: fields that depend on the settings. */
export const imageView = (image: FullImage, more: object) => ({
  ...image.properties,
  name: image.name,
  disk_format: image.disk_format,
  container_format: image.container_format,
  visibility: image.visibility,
  size: image.size,
  virtual_size: image.virtual_size,
  status: image.status,
  checksum: image.checksum,
  protected: image.protected,
  min_ram: image.min_ram,
  min_disk: image.min_disk,
  owner: image.owner_id,
  os_hidden: image.os_hidden,
  os_hash_algo: image.os_hash_algo,
  os_hash_value: image.os_hash_value,
  id: image.id,
  created_at: wireTime(image.created_at),
  updated_at: wireTime(image.updated_at),
  tags: image.tags,
  ...(image.places.length ? { stores: image.places.map(({ store }) => store).join(',') } : {}),
  ...more,
  self: `/v2/images/${image.id}`,
  file: `/v2/images/${image.id}/file`,
  schema: '/v2/schemas/image',
})

export interface ImageTexts {
  /** JSON of each image, in the same order; images that are gone meanwhile are left out. */
  of(db: Db, images: { id: string; revision: number }[]): Promise<string[]>
}

const cacheSize = 5000

export function createImageTexts(more: (image: FullImage) => object): ImageTexts {
  const known = new Map<string, { revision: number; text: string }>()
  return {
    async of(db, images) {
      const missing = images.filter(({ id, revision }) => known.get(id)?.revision !== revision).map(({ id }) => id)
      const fresh = new Map<string, string>()
      if (missing.length) {
        const rows = await db.selectFrom('images').selectAll().where('id', 'in', missing).execute()
        for (const image of await complete(db, rows)) {
          const text = JSON.stringify(imageView(image, more(image)))
          fresh.set(image.id, text)
          known.delete(image.id)
          known.set(image.id, { revision: image.revision, text })
        }
        while (known.size > cacheSize) known.delete(known.keys().next().value!)
      }
      return images.flatMap(({ id, revision }) => {
        const kept = known.get(id)
        const text = fresh.get(id) ?? (kept?.revision === revision ? kept.text : undefined)
        return text === undefined ? [] : [text]
      })
    },
  }
}
