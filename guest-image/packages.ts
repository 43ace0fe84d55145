// Debian packages unpacked into a folder: nothing is installed on the machine.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../src/host/commands/exec.ts'

/** What the guest is made of. */
export const guestPackages = [
  ...['busybox', 'dropbear-bin', 'libc6', 'libtomcrypt1', 'libtommath1', 'libgmp10', 'libcrypt1', 'zlib1g'],
  ...['e2fsprogs', 'libext2fs2', 'libcom-err2', 'libblkid1', 'libuuid1', 'util-linux', 'libmount1', 'libsmartcols1', 'libudev1'],
  ...['libselinux1', 'libpcre2-8-0', 'sudo', 'libpam0g', 'libpam-modules', 'libaudit1', 'libcap-ng0'],
]

/** For the first file system: it needs no libraries. Its shell prefers its own applets to programs of the same name, so no more than that. */
export const firstPackages = ['busybox-static']

/** What assembles the disk and does not get into it. */
export const toolPackages = ['syslinux', 'syslinux-common', 'mtools']

/** Downloads packages and unpacks them into `root`. Gives name_version lines; throws CommandError. */
export async function unpackPackages(names: string[], downloads: string, root: string): Promise<string[]> {
  await mkdir(downloads, { recursive: true })
  await mkdir(root, { recursive: true })
  await run('apt-get', ['-q', 'download', ...names], { cwd: downloads, timeout: 600_000 })
  const files = (await readdir(downloads)).filter((name) => name.endsWith('.deb')).sort()
  for (const file of files) await run('dpkg-deb', ['-x', join(downloads, file), root], { timeout: 120_000 })
  return files.map((file) => decodeURIComponent(file).replace(/\.deb$/, ''))
}

/** The package that the meta package linux-image-cloud-amd64 stands for, linux-image-<version>-cloud-amd64. */
export async function kernelPackage(): Promise<string> {
  const text = await run('apt-cache', ['depends', 'linux-image-cloud-amd64'])
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1]
  if (!name) throw new Error('apt-cache knows no linux-image-cloud-amd64: run apt-get update')
  return name
}
