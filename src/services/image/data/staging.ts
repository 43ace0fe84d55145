// Where the bytes of uploads and imports come to rest first, in the data folder: they are judged there before any store gets them.
import { mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Staging {
  /** Makes the folder; idempotent. */
  prepare(): Promise<void>
  /** Makes the empty file of an upload. */
  begin(uploadId: string): Promise<void>
  /** File that an upload is written to. */
  incoming(uploadId: string): string
  /** Gives back the space of an upload and leaves its file; unless `linked`, a file that a store has too stays as it is. Idempotent. */
  empty(uploadId: string, linked: boolean): Promise<void>
  /** Drops what an upload has left; idempotent. */
  discard(uploadId: string): Promise<void>
  /** Ids of all uploads that have a file. */
  contents(): Promise<Set<string>>
}

/** Ids must be of our own making: they become names of files. */
export function createStaging(folder: string): Staging {
  const incoming = (uploadId: string) => join(folder, uploadId)
  return {
    incoming,
    prepare: async () => void (await mkdir(folder, { recursive: true, mode: 0o700 })),
    async begin(uploadId) {
      // A store may have the old file by a link: it is left as it is.
      await rm(incoming(uploadId), { force: true })
      await writeFile(incoming(uploadId), '', { mode: 0o600, flag: 'wx' })
    },
    async empty(uploadId, linked) {
      const found = await stat(incoming(uploadId)).catch(() => null)
      if (found && (linked || found.nlink === 1)) await truncate(incoming(uploadId))
    },
    discard: (uploadId) => rm(incoming(uploadId), { force: true }),
    contents: async () => new Set(await readdir(folder)),
  }
}

/** True when the file is there with that size. */
export const hasFile = async (path: string, size: number): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile() && found.size === size,
    () => false,
  )
