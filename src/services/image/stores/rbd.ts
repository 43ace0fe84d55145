// Images as block images of a Ceph pool, by the program `rbd`.
import { imageSize, importImage, listImages, type Pool, readImage, removeImage } from '../../../host/commands/rbd.ts'
import { type ImageStore, MissingData } from './store.ts'

export function rbdStore(parts: { id: string; description: string; weight: number } & Pool): ImageStore {
  const { id, description, weight, conf, user, pool: name, patience } = parts
  const pool: Pool = { conf, user, pool: name, patience }
  return {
    id,
    description,
    weight,
    type: 'rbd',
    properties: { pool: name, user },
    keepsOpen: false,
    url: (key) => `rbd://${name}/${key}`,
    prepare: async () => void (await imageSize(pool, '.nephos')),
    async put(key, path, size, signal) {
      signal?.throwIfAborted()
      await removeImage(pool, key)
      await importImage(pool, key, path, size, signal)
      const kept = await imageSize(pool, key)
      if (kept !== size) throw new Error(`the cluster kept ${kept ?? 'nothing'} of ${size} bytes`)
    },
    async read(key, start, end) {
      if ((await imageSize(pool, key)) === null) throw new MissingData(id, key)
      return readImage(pool, key, start, end)
    },
    remove: (key) => removeImage(pool, key),
    size: (key) => imageSize(pool, key),
    async *keys() {
      for (const image of await listImages(pool)) yield { key: image.name, size: image.size }
    },
  }
}
