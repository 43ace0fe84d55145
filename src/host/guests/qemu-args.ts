// A guest as QEMU's arguments. No value of a user stands where QEMU splits at commas: what may vary is JSON, checked, or an argument of its own.
import type { GuestSpec } from './document.ts'
import { names } from './files.ts'
import { formatOf } from './images.ts'

/** Its own caches of translated code would grow with the guest's memory. */
const translationMiB = 64
const sandbox = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'
/** What is booted by kernel and says nothing itself. */
const defaultKernelArguments = 'root=/dev/vda console=tty0 console=ttyS0'

export interface GuestMachine {
  id: string
  accelerator: 'kvm' | 'tcg'
  /** Tap of each nic, in their order. */
  taps: string[]
  hasConfigDrive: boolean
}

/** The arguments, without the program; file names are relative to the guest's folder. Throws for a MAC or tap name that is none. */
export function qemuArgs(spec: GuestSpec, machine: GuestMachine): string[] {
  return [
    ...['-name', `guest=${machine.id},process=nephos-guest`, '-uuid', machine.id],
    ...['-nodefaults', '-no-user-config', '-sandbox', sandbox],
    ...['-machine', 'pc,usb=off,vmport=off,dump-guest-core=off'],
    ...(machine.accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : ['-accel', `tcg,thread=multi,tb-size=${translationMiB}`, '-cpu', 'max']),
    ...['-smp', `cpus=${integer(spec.vcpus)}`, '-m', `size=${integer(spec.ramMiB)}M`],
    // cloud-init knows the metadata service by this name.
    ...['-smbios', `type=1,manufacturer=Nephos,product=OpenStack Compute,uuid=${machine.id}`],
    ...['-rtc', 'base=utc', '-boot', 'strict=on', '-action', 'shutdown=pause'],
    ...socket('qmp', names.qmp, ''),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...socket('serial', names.serial, `,logfile=${names.console},logappend=on`),
    ...['-serial', 'chardev:serial', '-vnc', `unix:${names.vnc}`, '-device', 'VGA,vgamem_mb=16'],
    ...json('-object', { 'qom-type': 'rng-random', id: 'rng', filename: '/dev/urandom' }),
    ...json('-device', { driver: 'virtio-rng-pci', rng: 'rng' }),
    ...diskArgs(spec, machine.hasConfigDrive),
    ...spec.nics.flatMap((nic, index) => nicArgs(nic, index, machine.taps[index] ?? '')),
    ...kernelArgs(spec),
  ]
}

function diskArgs(spec: GuestSpec, hasConfigDrive: boolean): string[] {
  const file = (filename: string, readOnly = false) => ({ driver: 'file', filename, 'read-only': readOnly, discard: 'unmap' })
  // A format is never guessed, and a backing file never taken from a header.
  const format = formatOf(spec.image)
  const base = {
    driver: format,
    'read-only': true,
    file: file(names.base, true),
    ...(format === 'qcow2' ? { backing: null } : {}),
  }
  const disk = (id: string, node: object, device: object = {}) => [
    ...json('-blockdev', { 'node-name': id, discard: 'unmap', ...node }),
    ...json('-device', { driver: 'virtio-blk-pci', id: `${id}-disk`, drive: id, ...device }),
  ]
  return [
    ...disk('root', { driver: 'qcow2', file: file(names.root), backing: base }, spec.kernel ? {} : { bootindex: 0 }),
    ...(spec.ephemeralGiB > 0 ? disk('ephemeral', { driver: 'raw', file: file(names.ephemeral) }) : []),
    ...(spec.swapMiB > 0 ? disk('swap', { driver: 'raw', file: file(names.swap) }) : []),
    ...(hasConfigDrive
      ? [
          ...json('-blockdev', { 'node-name': 'config', driver: 'raw', 'read-only': true, file: file(names.configDrive, true) }),
          ...json('-device', { driver: 'virtio-scsi-pci', id: 'scsi' }),
          ...json('-device', { driver: 'scsi-cd', bus: 'scsi.0', drive: 'config' }),
        ]
      : []),
  ]
}

function nicArgs(nic: GuestSpec['nics'][number], index: number, tap: string): string[] {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(nic.mac)) throw new Error('a MAC address of the guest is not valid')
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(tap)) throw new Error('a tap of the guest has no valid name')
  return [
    ...['-netdev', `tap,id=net${index},ifname=${tap},script=no,downscript=no`],
    // Without its ROM the firmware does not spend time on network boot.
    ...json('-device', {
      driver: 'virtio-net-pci',
      id: `nic${index}`,
      netdev: `net${index}`,
      mac: nic.mac,
      host_mtu: nic.mtu,
      romfile: '',
    }),
  ]
}

function kernelArgs(spec: GuestSpec): string[] {
  if (!spec.kernel) return []
  return [
    '-kernel',
    names.kernel,
    ...(spec.ramdisk ? ['-initrd', names.ramdisk] : []),
    '-append',
    spec.kernelArguments || defaultKernelArguments,
  ]
}

const json = (option: string, value: object) => [option, JSON.stringify(value)]
const socket = (id: string, path: string, more: string) => ['-chardev', `socket,id=${id},path=${path},server=on,wait=off${more}`]

function integer(n: number): string {
  if (!Number.isSafeInteger(n) || n < 1) throw new Error(`${n} is no count of CPUs or MiB`)
  return String(n)
}
