// The programs that a real host needs, the Debian package of each, and which are missing here.
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { searchPath } from '../host/commands/exec.ts'

export interface HostProgram {
  program: string
  package: string
  use: string
}

export const hostPrograms: readonly HostProgram[] = [
  { program: 'qemu-system-x86_64', package: 'qemu-system-x86', use: 'runs guests' },
  { program: 'qemu-img', package: 'qemu-utils', use: 'makes and inspects disks' },
  { program: 'bwrap', package: 'bubblewrap', use: 'confines what reads images of strangers' },
  { program: 'perl', package: 'perl-base', use: 'starts guests under a filter of system calls' },
  { program: 'genisoimage', package: 'genisoimage', use: 'makes config drives' },
  { program: 'ip', package: 'iproute2', use: 'makes namespaces, bridges and taps' },
  { program: 'iptables-restore', package: 'iptables', use: 'filters the ports of guests' },
  { program: 'nft', package: 'nftables', use: 'translates floating IPs' },
  { program: 'sysctl', package: 'procps', use: 'sets what the kernel does in a namespace' },
  { program: 'busybox', package: 'busybox-static', use: 'tells neighbours of moved addresses' },
  { program: 'mkfs.ext4', package: 'e2fsprogs', use: 'formats ephemeral disks' },
  { program: 'dnsmasq', package: 'dnsmasq-base', use: 'serves DHCP and names' },
  { program: 'ssh', package: 'openssh-client', use: 'logs in to guests' },
]

/** Where `program` is, or undefined. */
export function findProgram(program: string, path = searchPath): string | undefined {
  for (const folder of path.split(':').filter(Boolean)) {
    const file = join(folder, program)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {}
  }
  return undefined
}

export const missingPrograms = (wanted: readonly HostProgram[] = hostPrograms): HostProgram[] =>
  wanted.filter(({ program }) => !findProgram(program))

/** Why packages cannot be installed here, or undefined when they can: root, apt, Debian or Ubuntu. */
export function aptRefusal(osRelease = readOsRelease()): string | undefined {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((m) => m[1]!.split(' '))
  if (!ids.includes('debian') && !ids.includes('ubuntu')) return 'this is neither Debian nor Ubuntu'
  if (!findProgram('apt-get')) return 'apt-get is not here'
  if (process.getuid?.() !== 0) return 'this is not root'
  return undefined
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}
