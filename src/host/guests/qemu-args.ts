// A guest as QEMU's arguments. No value of a user stands where QEMU splits at commas: what may vary is JSON, checked, or an argument of its own.
import {
  channelDevice,
  channelSocket,
  channelsDevice,
  channelsWords,
  channelWords,
  diskDevice,
  diskNode,
  hex,
  nicDevice,
  nicWords,
  scsiDevice,
} from './device-words.ts'
import { deviceOf } from './disks.ts'
import type { GuestChannel, GuestNic, GuestSpec } from './document.ts'
import { names } from './files.ts'

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
  /** PCI slots of devices, by id. */
  slots: Record<string, number>
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
    // It waits until its disks are as large and as fast as they shall be.
    ...['-rtc', 'base=utc', '-boot', 'strict=on', '-action', 'shutdown=pause', '-S'],
    ...socket('qmp', names.qmp, ''),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...socket('serial', names.serial, `,logfile=${names.console},logappend=on`),
    ...['-serial', 'chardev:serial', '-vnc', `unix:${names.vnc}`, '-device', 'VGA,vgamem_mb=16,addr=2'],
    ...json('-object', { 'qom-type': 'rng-random', id: 'rng', filename: '/dev/urandom' }),
    ...json('-device', { driver: 'virtio-rng-pci', rng: 'rng', addr: '3' }),
    ...diskArgs(spec, machine.slots),
    ...spec.nics.flatMap((nic, index) => nicArgs(nic, machine.taps[index] ?? '', machine.slots)),
    ...channelArgs(spec.channels, machine.slots),
    ...kernelArgs(spec),
  ]
}

function diskArgs(spec: GuestSpec, slots: Record<string, number>): string[] {
  return spec.disks.flatMap((disk, index) => {
    const { type } = disk.source
    const boots = index === 0 && !spec.kernel
    return [
      ...json('-blockdev', diskNode(disk)),
      ...(type === 'metadata' ? json('-device', { driver: 'virtio-scsi-pci', id: scsiDevice, addr: hex(slots[scsiDevice]!) }) : []),
      ...json('-device', diskDevice(disk, slots[deviceOf(disk)]!, boots)),
    ]
  })
}

function nicArgs(nic: GuestNic, tap: string, slots: Record<string, number>): string[] {
  const { netdev, device } = nicWords(nic, tap, slots[nicDevice(nic)]!)
  const { type, ...options } = netdev
  return ['-netdev', [type, ...Object.entries(options).map(([name, value]) => `${name}=${value}`)].join(','), ...json('-device', device)]
}

function channelArgs(channels: GuestChannel[], slots: Record<string, number>): string[] {
  if (!channels.length) return []
  return [
    ...json('-device', channelsWords(slots[channelsDevice]!)),
    ...channels.flatMap((channel) => [
      ...socket(channelDevice(channel), channelSocket(channel), ''),
      ...json('-device', channelWords(channel)),
    ]),
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
