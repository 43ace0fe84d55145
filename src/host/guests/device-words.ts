// Disks, nics and channels in QEMU's words: the same at a guest's start and for one that runs.

import { baseOf, deviceOf, fileOf } from './disks.ts'
import type { GuestChannel, GuestDisk, GuestNic, GuestSpec } from './document.ts'
import { names } from './files.ts'
import { formatOf } from './images.ts'

type Words = Record<string, unknown>

/** The slots of the PCI bus; the first two are the board's own, the next its screen and its source of randomness. */
export const firstSlot = 4
export const lastSlot = 31

export const nicDevice = ({ portId }: GuestNic): string => {
  if (!/^[\w-]{1,64}$/.test(portId)) throw new Error('a port of the guest has no valid id')
  return `nic-${portId}`
}
export const nicBackend = (device: string): string => device.replace(/^nic-?/, (start) => (start === 'nic' ? 'net' : 'net-'))
export const channelDevice = ({ name }: GuestChannel): string => {
  if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(name)) throw new Error('a channel of the guest has no valid name')
  return `channel-${name}`
}
export const channelsDevice = 'channels'
export const scsiDevice = 'scsi'
export const channelSocket = ({ name }: GuestChannel): string => `${names.channels}/${name}`

const file = (filename: string, readOnly = false) => ({ driver: 'file', filename, 'read-only': readOnly, discard: 'unmap' })

/** The block node of a disk. A format is never guessed, and a backing file never taken from a header. */
export function diskNode(disk: GuestDisk): Words {
  const { id, source } = disk
  const name = fileOf(disk)
  if (source.type === 'metadata') return { 'node-name': id, driver: 'raw', 'read-only': true, file: file(name, true) }
  if (source.type === 'blank') return { 'node-name': id, discard: 'unmap', driver: 'raw', file: file(name) }
  const format = formatOf(source.image)
  const base = { driver: format, 'read-only': true, file: file(baseOf(disk), true), ...(format === 'qcow2' ? { backing: null } : {}) }
  return { 'node-name': id, discard: 'unmap', driver: 'qcow2', file: file(name), backing: base }
}

/** The device of a disk at a PCI slot; a config drive is a CD-ROM of the SCSI controller that is at the slot. */
export const diskDevice = (disk: GuestDisk, slot: number, boots = false): Words =>
  disk.source.type === 'metadata'
    ? { driver: 'scsi-cd', id: deviceOf(disk), bus: `${scsiDevice}.0`, drive: disk.id }
    : { driver: 'virtio-blk-pci', id: deviceOf(disk), drive: disk.id, addr: hex(slot), ...(boots ? { bootindex: 0 } : {}) }

export function nicWords(nic: GuestNic, tap: string, slot: number): { netdev: Words; device: Words } {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(nic.mac)) throw new Error('a MAC address of the guest is not valid')
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(tap)) throw new Error('a tap of the guest has no valid name')
  const id = nicDevice(nic)
  return {
    netdev: { type: 'tap', id: nicBackend(id), ifname: tap, script: 'no', downscript: 'no' },
    // Without its ROM the firmware does not spend time on network boot.
    device: {
      driver: 'virtio-net-pci',
      id,
      netdev: nicBackend(id),
      mac: nic.mac,
      host_mtu: nic.mtu,
      romfile: '',
      addr: hex(slot),
    },
  }
}

/** The controller of all channels. */
export const channelsWords = (slot: number): Words => ({ driver: 'virtio-serial-pci', id: channelsDevice, addr: hex(slot) })
export const channelWords = (channel: GuestChannel): Words => ({
  driver: 'virtserialport',
  id: channelDevice(channel),
  bus: `${channelsDevice}.0`,
  chardev: channelDevice(channel),
  name: channel.name,
})

export const hex = (slot: number): string => slot.toString(16)

/** Ids of the devices that take a slot each, in the order in which they are given one. */
export function slotted(spec: GuestSpec): string[] {
  return [
    ...spec.disks.map((disk) => (disk.source.type === 'metadata' ? scsiDevice : deviceOf(disk))),
    ...spec.nics.map(nicDevice),
    ...(spec.channels.length ? [channelsDevice] : []),
  ]
}

/** A slot for each of them: the one that it has had, else the lowest that is free. Throws when there are more than slots. */
export function assignSlots(ids: readonly string[], known: Readonly<Record<string, number>>): Record<string, number> {
  const slots: Record<string, number> = {}
  const isSlot = (slot: number | undefined) => slot !== undefined && slot >= firstSlot && slot <= lastSlot
  const taken = new Set<number>()
  for (const id of ids) {
    const slot = known[id]
    if (!isSlot(slot) || taken.has(slot!)) continue
    slots[id] = slot!
    taken.add(slot!)
  }
  for (const id of ids) {
    if (slots[id] !== undefined) continue
    const slot = freeSlot(taken)
    slots[id] = slot
    taken.add(slot)
  }
  return slots
}

export function freeSlot(taken: ReadonlySet<number>): number {
  for (let slot = firstSlot; slot <= lastSlot; slot++) if (!taken.has(slot)) return slot
  throw new Error(`the guest has no room for more than ${lastSlot - firstSlot + 1} disks and interfaces`)
}
