// File system and disk images, put together as an ordinary user: no loop device, no mount.
import { lstat, open, readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../src/host/commands/exec.ts'

const MiB = 2 ** 20

/** Makes an ext4 image of `sizeMiB` from a folder; all belongs to root but the two home folders, and sudo is setuid. */
export async function makeExt4(folder: string, image: string, sizeMiB: number): Promise<void> {
  await writeFile(image, '')
  await truncate(image, sizeMiB * MiB)
  const options = ['-q', '-F', '-t', 'ext4', '-L', 'nephos-root', '-b', '4096', '-i', '16384', '-J', 'size=4', '-m', '0']
  await run('mke2fs', [...options, '-E', 'lazy_itable_init=1,nodiscard', '-d', folder, image], { timeout: 120_000 })
  const commands: string[] = []
  for await (const path of walk(folder)) {
    const owner = path.startsWith('home/nephos') ? 1000 : path.startsWith('home/cirros') ? 1001 : 0
    commands.push(`sif "/${path}" uid ${owner}`, `sif "/${path}" gid ${owner}`)
    const mode = specialModes[path] ?? (await plainMode(join(folder, path)))
    if (mode !== undefined) commands.push(`sif "/${path}" mode 0${mode.toString(8)}`)
  }
  const capability = `${image}.capability`
  await writeFile(capability, rawSockets)
  commands.push(`ea_set -f ${capability} /usr/libexec/busybox-static security.capability`)
  await run('debugfs', ['-w', '-f', '-', image], { input: `${commands.join('\n')}\n`, timeout: 120_000 })
  await run('e2fsck', ['-f', '-n', image], { timeout: 120_000 })
}

/** CAP_NET_RAW, permitted and effective, as the kernel keeps it with a file (struct vfs_cap_data, revision 2). */
const rawSockets = Buffer.from('0100000200200000000000000000000000000000', 'hex')

const specialModes: Record<string, number> = {
  'usr/bin/sudo': 0o104755,
  'usr/libexec/busybox-static': 0o100755,
  'bin/busybox': 0o100755,
  'etc/sudoers': 0o100440,
  'etc/shadow': 0o100600,
  tmp: 0o41777,
  root: 0o40700,
}

/** Paths of all that is below a folder; links are not followed (readdir's own recursion does). */
async function* walk(folder: string, below = ''): AsyncGenerator<string> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = join(below, entry.name)
    yield path
    if (entry.isDirectory()) yield* walk(folder, path)
  }
}

/** Modes do not depend on the umask or the checkout: readable by all, executable when the owner may. */
async function plainMode(path: string): Promise<number | undefined> {
  const { mode } = await lstat(path)
  if ((mode & 0o170000) === 0o120000) return undefined
  return (mode & 0o170000) | (mode & 0o100 ? 0o755 : 0o644)
}

/** A FAT image with SYSLINUX, the kernel and its ramdisk. `tools` is where mtools and syslinux were unpacked. */
export async function makeBootPartition(tools: string, image: string, sizeMiB: number, files: Record<string, string>): Promise<void> {
  const env = { PATH: `${join(tools, 'usr/bin')}:${process.env.PATH}`, MTOOLS_SKIP_CHECK: '1' }
  await writeFile(image, '')
  await truncate(image, sizeMiB * MiB)
  await run('mformat', ['-i', image, '-v', 'BOOT', '-T', String(sizeMiB * 2048), '-h', '64', '-s', '32', '-H', '2048', '-c', '8', '::'], {
    env,
  })
  for (const [name, source] of Object.entries(files)) await run('mcopy', ['-i', image, source, `::${name}`], { env })
  await run('syslinux', ['--install', image], { env })
}

/** A disk with a master boot record: a boot partition, then the root file system as the last one. Throws when a part is too large. */
export async function makeDisk(image: string, bootCode: Buffer, boot: Buffer, root: Buffer): Promise<void> {
  const bootStart = 2048
  const rootStart = bootStart + boot.length / 512
  const record = Buffer.alloc(512)
  bootCode.copy(record, 0, 0, 440)
  const entry = (index: number, flags: number, type: number, start: number, bytes: number) => {
    const at = 446 + 16 * index
    record.set([flags, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff], at)
    record.writeUInt32LE(start, at + 8)
    record.writeUInt32LE(bytes / 512, at + 12)
  }
  record.writeUInt32LE(0x6e657068, 440)
  entry(0, 0x80, 0x06, bootStart, boot.length)
  entry(1, 0, 0x83, rootStart, root.length)
  record.writeUInt16LE(0xaa55, 510)
  const file = await open(image, 'w')
  await file.write(record, 0, 512, 0)
  await file.write(boot, 0, boot.length, bootStart * 512)
  await file.write(root, 0, root.length, rootStart * 512)
  await file.close()
}
