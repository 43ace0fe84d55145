// A guest's disks. Each appears under its name when it is complete, and one that is there is never made again.
import { chown, open, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from '../../disk-formats/inspect.ts'
import { makeExt4, makeSwap } from '../commands/filesystems.ts'
import { createOverlay } from '../commands/qemu-img.ts'
import type { DiskSource, GuestDisk, GuestImage } from './document.ts'
import { names, replaceFile } from './files.ts'
import { formatOf } from './images.ts'

const GiB = 2 ** 30
const MiB = 2 ** 20

/** The name of a disk's file. Throws for an id that is none: it stands in names of files and devices. */
export function fileOf({ id, source }: GuestDisk): string {
  if (!/^[a-z][a-z0-9-]{0,25}$/.test(id)) throw new Error(`${JSON.stringify(String(id).slice(0, 40))} is no id of a disk`)
  if (source.type === 'metadata') return names.configDrive
  return source.type === 'image' ? `${id}.qcow2` : `${id}.raw`
}

/** A hard link to the cached image that the disk lies over, so that the cache may forget it. */
export const baseOf = ({ id }: GuestDisk): string => (id === 'root' ? 'base.img' : `${id}.base`)

/** What QEMU calls the file and the device. Its names are used by guests that earlier versions have started too. */
export const deviceOf = ({ id }: Pick<GuestDisk, 'id'>): string => `${id}-disk`

/** Makes a disk for the user `uid`: over its base image (already linked), or blank. */
export async function makeDisk(folder: string, disk: GuestDisk, uid: number): Promise<void> {
  const { source, sizeMiB } = disk
  const name = fileOf(disk)
  if (source.type === 'metadata') return
  if (source.type === 'image') {
    const bytes = await imageDiskBytes(folder, disk, source.image)
    return once(folder, name, uid, async () => {
      // qemu-img writes the base's name into the overlay relative to it: both must lie in one folder, so no temporary folder.
      const temporary = `${name}.new`
      await rm(join(folder, temporary), { force: true })
      await createOverlay(folder, temporary, { name: baseOf(disk), format: formatOf(source.image) }, bytes)
      return join(folder, temporary)
    })
  }
  if (!(sizeMiB > 0)) throw new Error(`the disk ${disk.id} has neither an image nor a size`)
  await blank(folder, name, uid, sizeMiB * MiB, source)
}

/** Throws when the image does not fit. */
async function imageDiskBytes(folder: string, disk: GuestDisk, image: GuestImage): Promise<number> {
  const file = await open(join(folder, baseOf(disk)), 'r')
  try {
    const { format, virtualBytes } = await inspect(file)
    const own = format === 'qcow2' && image.format === 'qcow2' ? virtualBytes! : (await file.stat()).size
    const wished = disk.sizeMiB * MiB
    if (wished > 0 && own > wished) {
      const what = disk.id === 'root' ? 'root disk' : `disk ${disk.id}`
      throw new Error(`the image's disk of ${Math.ceil(own / GiB)} GiB does not fit into the ${what} of ${wished / GiB} GiB`)
    }
    return Math.ceil(Math.max(own, wished) / 512) * 512
  } finally {
    await file.close()
  }
}

async function once(folder: string, name: string, uid: number, make: () => Promise<string>): Promise<void> {
  if (
    await stat(join(folder, name)).then(
      () => true,
      () => false,
    )
  )
    return
  const made = await make()
  await chown(made, uid, uid)
  await rename(made, join(folder, name))
}

async function blank(
  folder: string,
  name: string,
  uid: number,
  bytes: number,
  { format, label }: Extract<DiskSource, { type: 'blank' }>,
): Promise<void> {
  await once(folder, name, uid, async () => {
    const made = join(folder, `${name}.new`)
    await replaceFile(made, async (path) => {
      const file = await open(path, 'w', 0o600)
      await file.close()
      await truncate(path, bytes)
      if (format === 'ext4') await makeExt4(path, label ?? '')
      if (format === 'swap') await makeSwap(path)
    })
    return made
  })
}
