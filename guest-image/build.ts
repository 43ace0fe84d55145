// Makes the guest image in OUTDIR from Debian packages: a bootable disk, and the same as kernel, ramdisk and root file system.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { run } from '../src/host/commands/exec.ts'
import { cpio } from './cpio.ts'
import { makeBootPartition, makeDisk, makeExt4 } from './disk.ts'
import { firstPackages, guestPackages, kernelPackage, toolPackages, unpackPackages } from './packages.ts'
import { initrdEntries, makeRoot } from './root-tree.ts'

const here = dirname(fileURLToPath(import.meta.url))
const products = ['nephos-guest.qcow2', 'vmlinuz', 'initrd.img', 'nephos-guest.ext4', 'packages.txt']
const syslinuxConfig = 'DEFAULT linux\nPROMPT 0\nTIMEOUT 0\nLABEL linux\n  KERNEL vmlinuz\n  INITRD initrd.img\n  APPEND '
/** TSC and timer checks are skipped: they cost most of a second under emulation. */
const kernelArguments = 'root=/dev/vda2 console=tty1 console=ttyS0 quiet tsc=reliable no_timer_check mitigations=off random.trust_cpu=on\n'

/** SHA-256 over the files that the image is made from. */
async function inputsHash(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(here, { recursive: true })).sort()) {
    const path = join(here, name)
    const { mode } = await stat(path)
    if (name.endsWith('.test.ts') || (mode & 0o170000) !== 0o100000) continue
    hash.update(`${name}\0${mode & 0o100}\0`).update(await readFile(path))
  }
  return hash.digest('hex')
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  process.stderr.write(`guest image: ${what} ...\n`)
  const result = await work()
  process.stderr.write(`guest image: ${what}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  return result
}

async function build(out: string, hash: string): Promise<void> {
  await mkdir(out, { recursive: true })
  const work = await mkdtemp(join(tmpdir(), 'nephos-guest-image-'))
  const at = (name: string) => join(work, name)
  try {
    const packages = at('packages')
    const busybox = at('first/bin/busybox')
    const kernel = await kernelPackage()
    const names = [...guestPackages, ...toolPackages, kernel]
    const versions = await timed('download and unpack packages', async () => [
      ...(await unpackPackages(names, at('downloads'), packages)),
      ...(await unpackPackages(firstPackages, at('first-downloads'), at('first'))),
    ])
    await timed('put the root file system together', async () => {
      const salt = createHash('sha256').update(hash).digest('hex').slice(0, 12)
      const password = (await run(busybox, ['mkpasswd', '-m', 'sha512', '-S', salt, '-P', '0'], { input: 'gocubsgo' })).trim()
      await makeRoot(packages, busybox, join(here, 'root'), at('root'), password)
      await makeExt4(at('root'), at('nephos-guest.ext4'), 48)
      await writeFile(at('initrd.img'), gzipSync(cpio(await initrdEntries(packages, busybox, join(here, 'initrd/init'))), { level: 9 }))
    })
    await timed('put the disk together', async () => {
      await writeFile(at('vmlinuz'), await readFile(join(packages, 'boot', kernel.replace('linux-image', 'vmlinuz'))))
      await writeFile(at('syslinux.cfg'), syslinuxConfig + kernelArguments)
      const files = { vmlinuz: at('vmlinuz'), 'initrd.img': at('initrd.img'), 'syslinux.cfg': at('syslinux.cfg') }
      await makeBootPartition(packages, at('boot.fat'), 20, files)
      const bootCode = await readFile(join(packages, 'usr/lib/syslinux/mbr/mbr.bin'))
      await makeDisk(at('disk.raw'), bootCode, await readFile(at('boot.fat')), await readFile(at('nephos-guest.ext4')))
      await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', '-c', at('disk.raw'), at('nephos-guest.qcow2')], { timeout: 120_000 })
      await writeFile(at('packages.txt'), `${versions.join('\n')}\n`)
    })
    for (const name of products) {
      await writeFile(join(out, `${name}.new`), await readFile(at(name)))
      await rename(join(out, `${name}.new`), join(out, name))
    }
    await writeFile(join(out, 'inputs.sha256'), `${hash}\n`)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const [folder] = process.argv.slice(2)
if (!folder) {
  process.stderr.write('usage: guest-image/build OUTDIR\n')
  process.exit(2)
}
const out = resolve(folder)
const hash = await inputsHash()
const known = await readFile(join(out, 'inputs.sha256'), 'utf8').catch(() => '')
if (known.trim() !== hash) await build(out, hash)
for (const name of products) process.stdout.write(`${join(out, name)}\n`)
