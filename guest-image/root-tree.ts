// The guest's root folder: busybox and its applets, the few real programs with their libraries, modules, and our own files.
import { chmod, copyFile, cp, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { run } from '../src/host/commands/exec.ts'
import { bootModules, extraModules, firstModules, loadOrder, modulesDep, otherModules, readModules } from './modules.ts'

const programs = [
  ...['bin/busybox', 'usr/sbin/dropbear', 'usr/bin/dropbearkey', 'usr/bin/dbclient', 'usr/bin/sudo', 'bin/lsblk', 'sbin/blkid'],
  ...['sbin/mke2fs', 'sbin/resize2fs', 'sbin/e2fsck', 'usr/libexec/sudo/sudoers.so', 'usr/libexec/sudo/libsudo_util.so.0'],
]

const libraries =
  /^(ld-linux-x86-64|libc|libresolv|libtomcrypt|libtommath|libgmp|libcrypt|libz|libext2fs|libe2p|libcom_err|libblkid|libuuid|libmount|libsmartcols|libudev|libselinux|libpcre2-8|libpam|libaudit|libcap-ng)\.so\.\d+$/

/** Fills `root` from the unpacked packages and from the folder `own`; `passwordHash` is that of the users nephos and cirros. */
export async function makeRoot(packages: string, staticBusybox: string, own: string, root: string, passwordHash: string): Promise<void> {
  const folders = ['bin', 'sbin', 'dev', 'proc', 'sys', 'run', 'mnt', 'tmp', 'root', 'usr/bin', 'usr/sbin', 'usr/local/bin', 'etc/dropbear']
  for (const folder of [
    ...folders,
    'lib/x86_64-linux-gnu/security',
    'lib64',
    'lib/modules',
    'var/lib/cloud',
    'var/log',
    'home/nephos',
    'home/cirros',
  ]) {
    await mkdir(join(root, folder), { recursive: true })
  }
  await symlink('/run', join(root, 'var/run'))
  await symlink('/tmp', join(root, 'var/tmp'))
  await chmod(join(root, 'tmp'), 0o1777)
  for (const path of programs) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await copyFile(await realpath(join(packages, path)), join(root, path))
  }
  await copyLibraries(packages, root)
  await applets(join(packages, 'bin/busybox'), staticBusybox, root)
  for (const link of ['sbin/mkfs.ext2', 'sbin/mkfs.ext3', 'sbin/mkfs.ext4']) await symlink('mke2fs', join(root, link))
  await copyFile(join(packages, 'etc/mke2fs.conf'), join(root, 'etc/mke2fs.conf'))
  await copyModules(packages, root)
  await cp(own, root, { recursive: true })
  const hashes = { root: '*', sshd: '*', nobody: '*', nephos: passwordHash, cirros: passwordHash }
  const shadow = Object.entries(hashes).map(([user, hash]) => `${user}:${hash}:19000:0:99999:7:::\n`)
  await writeFile(join(root, 'etc/shadow'), shadow.join(''))
}

async function copyLibraries(packages: string, root: string): Promise<void> {
  for (const folder of ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu']) {
    for (const name of await readdir(join(packages, folder))) {
      if (libraries.test(name)) await copyFile(await realpath(join(packages, folder, name)), join(root, 'lib/x86_64-linux-gnu', name))
    }
  }
  await copyFile(join(packages, 'lib/x86_64-linux-gnu/security/pam_permit.so'), join(root, 'lib/x86_64-linux-gnu/security/pam_permit.so'))
  await symlink('/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', join(root, 'lib64/ld-linux-x86-64.so.2'))
}

async function applets(busybox: string, staticBusybox: string, root: string): Promise<void> {
  const taken = new Set([...programs, 'usr/bin/nc', 'bin/nc'])
  // The static one serves the boot, where linking anew for each command costs a third of the time; it may open raw sockets
  // (see disk.ts), so its ping works for every user. Its shell is no good for users, as it prefers its own applets to real programs.
  await copyFile(staticBusybox, join(root, 'usr/libexec/busybox-static'))
  for (const name of ['bin/ping', 'bin/ping6', 'sbin/init', 'sbin/getty', 'bin/login'])
    await symlink('/usr/libexec/busybox-static', join(root, name))
  for (const path of (await run(busybox, ['--list-full'])).split('\n').filter(Boolean)) {
    if (taken.has(path)) continue
    await mkdir(dirname(join(root, path)), { recursive: true })
    await symlink('/bin/busybox', join(root, path)).catch(ignoreExisting)
  }
}

const ignoreExisting = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EEXIST') throw error
}

async function copyModules(packages: string, root: string): Promise<void> {
  const [version] = await readdir(join(packages, 'lib/modules'))
  const all = await readModules(join(packages, 'lib/modules', version!))
  const wanted = loadOrder(all, [...firstModules, ...otherModules, ...bootModules, ...extraModules])
  for (const module of wanted) {
    const target = join(root, 'lib/modules', version!, module.path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, module.content)
  }
  await writeFile(join(root, 'lib/modules', version!, 'modules.dep'), modulesDep(all, wanted))
  const early = new Set(loadOrder(all, firstModules))
  const boot = loadOrder(all, bootModules).filter((m) => !early.has(m))
  await writeFile(join(root, 'lib/modules/boot'), boot.map((m) => `${m.path}\n`).join(''))
}

/** The entries of the first file system: busybox, the modules for the root disk, and our init. */
export async function initrdEntries(packages: string, busybox: string, init: string) {
  const [version] = await readdir(join(packages, 'lib/modules'))
  const all = await readModules(join(packages, 'lib/modules', version!))
  const first = loadOrder(all, firstModules)
  const other = loadOrder(all, otherModules).filter((m) => !first.includes(m))
  const folder = (path: string) => ({ path, mode: 0o40755 })
  const file = (path: string, content: Buffer, mode = 0o100644) => ({ path, mode, content })
  const names = ['sh', 'mount', 'umount', 'insmod', 'cat', 'dd', 'blockdev', 'switch_root', 'sleep', 'printf', 'ls', 'dmesg']
  return [
    ...['bin', 'dev', 'proc', 'sys', 'root', 'modules'].map(folder),
    file('init', await readFile(init), 0o100755),
    file('bin/busybox', await readFile(busybox), 0o100755),
    ...names.map((name) => ({ path: `bin/${name}`, mode: 0o120777, content: Buffer.from('busybox') })),
    file('modules/first', Buffer.from(first.map((m) => `${basename(m.path, '.ko')}\n`).join(''))),
    file('modules/other', Buffer.from(other.map((m) => `${basename(m.path, '.ko')}\n`).join(''))),
    ...[...first, ...other].map((m) => file(`modules/${basename(m.path)}`, m.content)),
  ]
}
