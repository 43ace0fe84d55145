// Where the bytes of images are. The file system is one such place; others need the same few verbs.
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

export interface ImageStore {
  /** Makes what the store needs; idempotent. */
  prepare(): Promise<void>
  /** Makes the empty file of an upload. */
  begin(uploadId: string): Promise<void>
  /** File that an upload is written to. Nothing else sees it until `commit`. */
  incoming(uploadId: string): string
  /** Makes the upload, whose bytes have been flushed, the data of the image: after this it survives power loss. */
  commit(uploadId: string, imageId: string): Promise<void>
  /** Drops what an upload has left; idempotent. */
  discard(uploadId: string): Promise<void>
  /** Bytes `start` to `end` (inclusive) of the image's data. What was opened can be read to its end, also when the image is removed meanwhile. */
  read(imageId: string, start: number, end: number): Promise<Readable>
  /** Removes the data; idempotent. */
  remove(imageId: string): Promise<void>
  /** Path on this machine. */
  path(imageId: string): string
  /** All that is there: ids of uploads and of images. */
  contents(): Promise<{ uploads: Set<string>; images: Set<string> }>
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Images as files named by their ids below `root`; uploads in `root/incoming`. Ids must have been checked to be UUIDs. */
export function fileImageStore(root: string): ImageStore {
  const folder = join(root, 'incoming')
  const path = (imageId: string) => join(root, imageId)
  const incoming = (uploadId: string) => join(folder, uploadId)
  return {
    path,
    incoming,
    async prepare() {
      // Guests' user reads image files through the host's own copies: nobody else needs the folder.
      await mkdir(folder, { recursive: true, mode: 0o700 })
    },
    begin: (uploadId) => writeFile(incoming(uploadId), '', { mode: 0o600 }),
    async commit(uploadId, imageId) {
      await rename(incoming(uploadId), path(imageId))
      await syncFolder(root)
    },
    discard: (uploadId) => rm(incoming(uploadId), { force: true }),
    async read(imageId, start, end) {
      const file = await open(path(imageId), 'r')
      return createReadStream('', { fd: file, start, end, highWaterMark: 2 ** 20 })
    },
    remove: (imageId) => rm(path(imageId), { force: true }),
    async contents() {
      const files = await readdir(root, { withFileTypes: true })
      return { uploads: new Set(await readdir(folder)), images: new Set(files.filter((entry) => entry.isFile()).map(({ name }) => name)) }
    },
  }
}

/** True when the data is there with that size. */
export const hasFile = async (path: string, size: number): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile() && found.size === size,
    () => false,
  )
