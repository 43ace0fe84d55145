// What a running guest has, read from QEMU: the truth, also after a restart of the agent. QEMU may have been taken over by its guest, so
// nothing of its answers is believed to be of any form.
import type { Qmp } from '../commands/qmp.ts'
import { channelsDevice } from './device-words.ts'
import type { DiskLimits, GuestDevices } from './document.ts'

export interface Devices {
  /** By the names of their block nodes; one that is not attached was left over when a change was cut off. */
  disks: Map<string, { attached: boolean; bytes: number; limits: DiskLimits }>
  /** MAC addresses by device id. */
  nics: Map<string, string>
  channels: Set<string>
  /** Whether there is a controller for channels. */
  takesChannels: boolean
  /** PCI slots that are taken. */
  slots: Set<number>
}

/** More than any guest has slots. */
const most = 64

const limitNames = {
  totalBytes: 'bps',
  readBytes: 'bps_rd',
  writeBytes: 'bps_wr',
  totalOperations: 'iops',
  readOperations: 'iops_rd',
  writeOperations: 'iops_wr',
} as const satisfies Record<keyof DiskLimits, string>

/** The limits as QEMU names them, all six. */
export const limitWords = (limits: DiskLimits = {}): Record<string, number> =>
  Object.fromEntries(Object.entries(limitNames).map(([ours, theirs]) => [theirs, limits[ours as keyof DiskLimits] ?? 0]))

type Said = Record<string, unknown>
const said = (value: unknown): Said => (typeof value === 'object' && value !== null ? (value as Said) : {})
const list = (value: unknown): Said[] => (Array.isArray(value) ? value.slice(0, most * 8).map(said) : [])
const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
/** Nodes that QEMU names itself are parts of others. */
const ownName = (value: unknown): value is string => typeof value === 'string' && value !== '' && !value.startsWith('#')

export async function readDevices(qmp: Qmp): Promise<Devices> {
  const disks: Devices['disks'] = new Map()
  for (const { inserted } of list(await qmp.execute('query-block'))) {
    const { 'node-name': name, image, ...about } = said(inserted)
    if (!ownName(name) || disks.size >= most) continue
    const limits = Object.fromEntries(Object.entries(limitNames).map(([ours, theirs]) => [ours, number(about[theirs])]))
    disks.set(name, { attached: true, bytes: number(said(image)['virtual-size']), limits })
  }
  for (const { 'node-name': name, image } of list(await qmp.execute('query-named-block-nodes', { flat: true }))) {
    if (!ownName(name) || disks.has(name) || disks.size >= most) continue
    disks.set(name, { attached: false, bytes: number(said(image)['virtual-size']), limits: {} })
  }
  const nics = new Map<string, string>()
  const channels = new Set<string>()
  let takesChannels = false
  for (const { name, type } of list(await qmp.execute('qom-list', { path: '/machine/peripheral' })).slice(0, most)) {
    if (typeof name !== 'string') continue
    const of = (property: string) => qmp.execute('qom-get', { path: `/machine/peripheral/${name}`, property })
    if (type === 'child<virtio-net-pci>') nics.set(name, String(await of('mac')).toLowerCase())
    if (type === 'child<virtserialport>') channels.add(String(await of('name')))
    takesChannels ||= name === channelsDevice
  }
  const [bus] = list(await qmp.execute('query-pci'))
  const slots = new Set(list(bus?.devices).map(({ slot }) => number(slot)))
  return { disks, nics, channels, takesChannels, slots }
}

/** What is told of them. */
export const shownDevices = ({ disks, nics, channels }: Devices): GuestDevices => ({
  disks: [...disks].flatMap(([id, { attached, bytes }]) => (attached ? [{ id: id.slice(0, 40), bytes }] : [])),
  nics: [...nics.values()].map((mac) => mac.slice(0, 20)).sort(),
  channels: [...channels].map((name) => name.slice(0, 64)).sort(),
})
