// Images as files of a folder, named by their keys.
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ImageStore, MissingData } from './store.ts'

export interface FileStore extends ImageStore {
  /** Path on this machine. */
  path(key: string): string
}

const absent = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'
/** Files that are still being copied, from another file system. */
const partial = /^\..+\.part$/

export async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

export function fileStore(parts: { id: string; description: string; weight: number; folder: string }): FileStore {
  const { id, folder } = parts
  const path = (key: string) => join(folder, key)
  const part = (key: string) => join(folder, `.${key}.part`)
  return {
    ...parts,
    type: 'file',
    properties: { data_dir: folder },
    keepsOpen: true,
    path,
    url: (key) => `file://${path(key)}`,
    async prepare() {
      // Guests' user reads images through the host's own copies: nobody else needs the folder.
      await mkdir(folder, { recursive: true, mode: 0o700 })
    },
    async put(key, from, _, signal) {
      signal?.throwIfAborted()
      await rm(path(key), { force: true })
      try {
        await link(from, path(key))
      } catch (error) {
        // Another file system, or one that knows no links.
        if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
        try {
          await copyFile(from, part(key))
          await sync(part(key))
          await rename(part(key), path(key))
        } finally {
          await rm(part(key), { force: true })
        }
      }
      await sync(folder)
    },
    async read(key, start, end) {
      const file = await open(path(key), 'r').catch((error) => {
        throw absent(error) ? new MissingData(id, key) : error
      })
      return createReadStream('', { fd: file, start, end, highWaterMark: 2 ** 20 })
    },
    async remove(key) {
      await rm(part(key), { force: true })
      await rm(path(key), { force: true })
    },
    size: (key) =>
      stat(path(key)).then(
        (found) => (found.isFile() ? found.size : null),
        (error) => {
          if (absent(error)) return null
          throw error
        },
      ),
    async *keys() {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (!entry.isFile() || partial.test(entry.name)) continue
        const found = await stat(path(entry.name)).catch(() => null)
        if (found) yield { key: entry.name, size: found.size }
      }
    },
  }
}
