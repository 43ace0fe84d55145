// Kernel modules with what they depend on, in the order in which they must be loaded.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** For a root disk on virtio. */
export const firstModules = ['virtio_pci', 'virtio_blk']
/** For a root disk behind another controller. */
export const otherModules = ['virtio_scsi', 'ata_piix', 'ahci', 'sd_mod', 'nvme']
/** After the root file system is there. */
export const bootModules = ['virtio_net', 'virtio_rng', 'button', 'evdev', 'virtio_scsi', 'sr_mod', 'isofs']
/** On the disk, for modprobe. */
export const extraModules = [
  'vfat',
  'nls_ascii',
  'nls_utf8',
  'nls_cp437',
  'virtio_console',
  'virtio_balloon',
  '8021q',
  'loop',
  'dummy',
  'overlay',
  'ip_tables',
]

export interface KernelModule {
  name: string
  /** Path below /lib/modules/<version>/. */
  path: string
  content: Buffer
  depends: string[]
}

/** Modules by name (with underscores), with their dependencies read from the modules themselves. */
export async function readModules(folder: string): Promise<Map<string, KernelModule>> {
  const found = new Map<string, KernelModule>()
  for (const path of await readdir(folder, { recursive: true })) {
    if (!path.endsWith('.ko')) continue
    const name = path.split('/').at(-1)!.slice(0, -3).replaceAll('-', '_')
    const content = await readFile(join(folder, path))
    const at = content.indexOf('\0depends=')
    const text = at < 0 ? '' : content.toString('latin1', at + 9, content.indexOf(0, at + 9))
    found.set(name, { name, path, content, depends: text ? text.split(',').map((d) => d.replaceAll('-', '_')) : [] })
  }
  return found
}

/** The named modules and all they need, dependencies first; a name the kernel does not have (built in or absent) is left out. */
export function loadOrder(all: Map<string, KernelModule>, names: string[]): KernelModule[] {
  const order = new Set<KernelModule>()
  const visit = (name: string) => {
    const found = all.get(name)
    if (!found || order.has(found)) return
    found.depends.forEach(visit)
    order.add(found)
  }
  names.forEach(visit)
  return [...order]
}

/** modules.dep as modprobe reads it. */
export const modulesDep = (all: Map<string, KernelModule>, modules: KernelModule[]) =>
  modules
    .map((m) => {
      const needs = loadOrder(all, [m.name]).filter((d) => d !== m)
      return `${m.path}:${needs
        .reverse()
        .map((d) => ` ${d.path}`)
        .join('')}\n`
    })
    .join('')
