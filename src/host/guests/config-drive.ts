// The metadata tree as an ISO 9660 disk labelled config-2, for guests that read no metadata service.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeIso } from '../commands/iso.ts'
import type { GuestSpec } from './document.ts'
import { names, replaceFile } from './files.ts'

/** What of the tree belongs on the drive, by path; throws for a path that leads out of it. */
function driveFiles(metadata: Record<string, string>): [string, string][] {
  const files = Object.entries(metadata).filter(([path]) => /^(openstack|ec2)\/.*[^/]$/.test(path))
  for (const [path] of files) {
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..') || path.includes('\0')) {
      throw new Error('a path of the metadata is not valid')
    }
  }
  return files.sort(([a], [b]) => (a < b ? -1 : 1))
}

export const hasConfigDrive = ({ disks }: GuestSpec): boolean => disks.some(({ source }) => source.type === 'metadata')

/** Tells whether the drive is up to date; null for a guest that has none. */
export function configDriveDigest(spec: GuestSpec): string | null {
  return hasConfigDrive(spec)
    ? createHash('sha256')
        .update(JSON.stringify(driveFiles(spec.metadata)))
        .digest('hex')
    : null
}

/** Writes the drive into the guest's folder, readable by its user only through QEMU's open file. */
export async function writeConfigDrive(
  folder: string,
  metadata: Record<string, string>,
  chown: (path: string) => Promise<void>,
): Promise<void> {
  const tree = await mkdtemp(join(folder, 'config-'))
  try {
    for (const [path, content] of driveFiles(metadata)) {
      await mkdir(dirname(join(tree, path)), { recursive: true })
      await writeFile(join(tree, path), content)
    }
    await replaceFile(join(folder, names.configDrive), async (image) => {
      await makeIso(tree, image, 'config-2')
      await chown(image)
    })
  } finally {
    await rm(tree, { recursive: true, force: true })
  }
}
