// The cache of images that guests' disks lie over: each file is fetched once, verified, and shared by hard links.
import { createHash } from 'node:crypto'
import { chmod, link, mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { checkSafe, type ImageFile } from '../../disk-formats/inspect.ts'
import type { Clock } from '../../environment.ts'
import type { GuestImage } from './document.ts'
import { replaceFile } from './files.ts'

const maxVirtualBytes = 4 * 2 ** 40

/** Throws for another format than the two: QEMU has drivers of many names, some of which open other files. */
export function formatOf({ format }: GuestImage): 'raw' | 'qcow2' {
  if (format !== 'raw' && format !== 'qcow2') throw new Error(`'${String(format).slice(0, 40)}' is no format of a guest's image`)
  return format
}

export type FetchImage = (image: GuestImage, toPath: string, signal: AbortSignal) => Promise<void>

export interface Images {
  /** Puts the verified image at `path` as a hard link; fetches it when it is not there yet. Nothing happens when `path` exists. */
  link(image: GuestImage, path: string, signal: AbortSignal): Promise<void>
  /** Removes files that no guest uses and that were not linked for `unusedMs` milliseconds. Gives their names. */
  prune(unusedMs: number): Promise<string[]>
  /** Removes the files of an image that the cloud has no more; guests that use it keep their hard link. */
  forget(sha512: string): Promise<void>
}

export function createImages(options: { dataDir: string; clock: Clock; fetchImage: FetchImage }): Images {
  const folder = join(options.dataDir, 'cache', 'images')
  const fetching = new Map<string, Promise<void>>()
  const pathOf = (image: GuestImage) => {
    if (!/^[0-9a-f]{128}$/.test(image.sha512)) throw new Error(`image ${image.id} has no SHA-512 sum`)
    return join(folder, `${image.sha512.slice(0, 40)}.${formatOf(image)}`)
  }

  async function fetch(image: GuestImage, path: string, signal: AbortSignal): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o755 })
    await replaceFile(path, async (temporary) => {
      await options.fetchImage(image, temporary, signal)
      await verify(image, temporary, signal)
      await chmod(temporary, 0o444)
    })
  }

  return {
    async link(image, path, signal) {
      if (await exists(path)) return
      const cached = pathOf(image)
      let work = fetching.get(cached)
      if (!work && !(await exists(cached))) {
        work = fetching.get(cached) ?? fetch(image, cached, signal).finally(() => fetching.delete(cached))
        fetching.set(cached, work)
      }
      await work
      const now = options.clock.now() / 1000
      await utimes(cached, now, now)
      await link(cached, path)
    },
    async forget(sha512) {
      if (!/^[0-9a-f]{128}$/.test(sha512)) return
      for (const suffix of ['qcow2', 'raw']) await rm(join(folder, `${sha512.slice(0, 40)}.${suffix}`), { force: true })
    },
    async prune(unusedMs) {
      const removed: string[] = []
      for (const name of await readdir(folder).catch(() => [])) {
        const { nlink, mtimeMs } = await stat(join(folder, name))
        if (nlink > 1 || fetching.size > 0 || options.clock.now() - mtimeMs < unusedMs) continue
        await rm(join(folder, name))
        removed.push(name)
      }
      return removed
    },
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Throws unless the file has the image's size and sum, is safe, and is on the disk. */
async function verify(image: GuestImage, path: string, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    if (size !== image.size) throw new Error(`image ${image.id} came with ${size} bytes instead of ${image.size}`)
    const hash = createHash('sha512')
    await pipeline(file.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 20 }), hash, { signal })
    if (hash.digest('hex') !== image.sha512) throw new Error(`image ${image.id} came with another SHA-512 sum than it has`)
    await checkSafe(file as ImageFile, image.format, { maxVirtualBytes })
    await file.sync()
  } finally {
    await file.close()
  }
}
