// A guest's disks. Each appears under its name when it is complete, and one that is there is never made again.
import { chown, open, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from '../../disk-formats/inspect.ts'
import { makeExt4, makeSwap } from '../commands/filesystems.ts'
import { createOverlay } from '../commands/qemu-img.ts'
import type { GuestSpec } from './document.ts'
import { names, replaceFile } from './files.ts'
import { formatOf } from './images.ts'

const GiB = 2 ** 30
const MiB = 2 ** 20

/** Makes the root disk over the base image (already linked), and the ephemeral and swap disks, for the user `uid`. */
export async function makeDisks(folder: string, spec: GuestSpec, uid: number): Promise<void> {
  const bytes = await rootBytes(folder, spec)
  await once(folder, names.root, uid, async () => {
    // qemu-img writes the base's name into the overlay relative to it: both must lie in one folder, so no temporary folder.
    const temporary = `${names.root}.new`
    await rm(join(folder, temporary), { force: true })
    await createOverlay(folder, temporary, { name: names.base, format: formatOf(spec.image) }, bytes)
    return join(folder, temporary)
  })
  if (spec.ephemeralGiB > 0) await blank(folder, names.ephemeral, uid, spec.ephemeralGiB * GiB, (path) => makeExt4(path, 'ephemeral0'))
  if (spec.swapMiB > 0) await blank(folder, names.swap, uid, spec.swapMiB * MiB, makeSwap)
}

/** Bytes of the root disk. Throws when the image does not fit. */
async function rootBytes(folder: string, spec: GuestSpec): Promise<number> {
  const file = await open(join(folder, names.base), 'r')
  try {
    const { format, virtualBytes } = await inspect(file)
    const own = format === 'qcow2' && spec.image.format === 'qcow2' ? virtualBytes! : (await file.stat()).size
    const wished = spec.diskGiB * GiB
    if (wished > 0 && own > wished) {
      throw new Error(`the image's disk of ${Math.ceil(own / GiB)} GiB does not fit into the root disk of ${spec.diskGiB} GiB`)
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

async function blank(folder: string, name: string, uid: number, bytes: number, format: (path: string) => Promise<unknown>): Promise<void> {
  await once(folder, name, uid, async () => {
    const made = join(folder, `${name}.new`)
    await replaceFile(made, async (path) => {
      const file = await open(path, 'w', 0o600)
      await file.close()
      await truncate(path, bytes)
      await format(path)
    })
    return made
  })
}
