// Images in the cloud's own object store: large ones in segments, in an account that no project has.
import { createReadStream } from 'node:fs'
import type { ObjectStoreFacade } from '../../object-store/facade.ts'
import { type ImageStore, MissingData } from './store.ts'

export const objectsAccount = '.images'

export function objectsStore(
  parts: { id: string; description: string; weight: number; container: string; partBytes: number },
  objectStore: Pick<ObjectStoreFacade, 'files'>,
): ImageStore {
  const { id, description, weight, container, partBytes } = parts
  const files = objectStore.files(objectsAccount, container)
  return {
    id,
    description,
    weight,
    type: 'object-store',
    properties: { account: objectsAccount, container, large_object_chunk_size: partBytes / 2 ** 20 },
    keepsOpen: false,
    url: (key) => `swift+local://${objectsAccount}/${container}/${key}`,
    async prepare() {},
    put: (key, path, size, signal) =>
      files.write(key, size, Math.max(1, partBytes), async function* (start, end) {
        signal?.throwIfAborted()
        if (start === end) return
        const body = createReadStream(path, { start, end: end - 1, highWaterMark: 2 ** 20, ...(signal && { signal }) })
        let length = 0
        for await (const piece of body as AsyncIterable<Buffer>) {
          length += piece.length
          yield piece
        }
        if (length !== end - start) throw new Error('the file became shorter while it was copied')
      }),
    async read(key, start, end) {
      const body = await files.read(key, start, end)
      if (!body) throw new MissingData(id, key)
      return body
    },
    remove: (key) => files.remove(key),
    size: (key) => files.size(key),
    async *keys() {
      for await (const { name, size } of files.list()) yield { key: name, size }
    },
  }
}
