// Images as JSON text. The text depends on nothing but the image, so it is kept until the image's revision changes.
import type { Db } from '../../../db/database.ts'
import type { ShownImage } from './schema.ts'
import { complete, type FullImage } from './store.ts'

/** Times on the wire have whole seconds. */
export const wireTime = (iso: string) => `${iso.slice(0, 19)}Z`

/** `more`: fields that depend on the settings. */
export const imageView = (image: FullImage, more: Pick<ShownImage, 'locations'>): ShownImage => ({
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

/** Images whose texts are made at once: all that belongs to them is in memory meanwhile. */
export const imagesAtOnce = 25

export interface ImageTexts {
  /** JSON of each image, in the same order and in parts; images that are gone meanwhile are left out. */
  inParts(db: Db, images: Seen[]): AsyncGenerator<string[]>
  /** JSON of the image; undefined when it is gone. */
  one(db: Db, image: Seen): Promise<string | undefined>
}

interface Seen {
  id: string
  revision: number
}

const mostKept = 5000
/** Characters of all texts that are kept. */
const mostText = 2 ** 25

export function createImageTexts(more: (image: FullImage) => Pick<ShownImage, 'locations'>): ImageTexts {
  const known = new Map<string, { revision: number; text: string }>()
  let kept = 0
  const forget = (id: string) => {
    kept -= known.get(id)?.text.length ?? 0
    known.delete(id)
  }
  const find = ({ id, revision }: Seen) => {
    const found = known.get(id)
    return found?.revision === revision ? found.text : undefined
  }

  async function texts(db: Db, images: Seen[]): Promise<string[]> {
    const fresh = new Map<string, string>()
    const missing = images.filter((image) => find(image) === undefined).map(({ id }) => id)
    const old = images.map((image) => find(image))
    if (missing.length) {
      const rows = await db.selectFrom('images').selectAll().where('id', 'in', missing).execute()
      for (const image of await complete(db, rows)) {
        const text = JSON.stringify(imageView(image, more(image)))
        fresh.set(image.id, text)
        forget(image.id)
        known.set(image.id, { revision: image.revision, text })
        kept += text.length
      }
      for (const id of known.keys()) {
        if (known.size <= mostKept && kept <= mostText) break
        forget(id)
      }
    }
    return images.flatMap(({ id }, index) => old[index] ?? fresh.get(id) ?? [])
  }

  return {
    async *inParts(db, images) {
      for (let at = 0; at < images.length; ) {
        let end = at
        for (let made = 0; end < images.length && made < imagesAtOnce; end++) if (find(images[end]!) === undefined) made++
        yield await texts(db, images.slice(at, end))
        at = end
      }
    },
    one: async (db, image) => (await texts(db, [image]))[0],
  }
}
