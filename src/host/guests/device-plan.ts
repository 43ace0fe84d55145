// From the devices that a running guest has to those that it shall have: pure, and tested as a table. What goes, goes first: its slot and
// its name may be taken again.
import { nicDevice } from './device-words.ts'
import { type Devices, limitWords } from './devices.ts'
import type { GuestChannel, GuestDisk, GuestNic, GuestSpec } from './document.ts'

export type DeviceChange =
  | { do: 'remove nic'; device: string }
  | { do: 'remove disk'; id: string }
  | { do: 'remove channel'; channel: GuestChannel }
  | { do: 'grow disk'; disk: GuestDisk }
  | { do: 'limit disk'; disk: GuestDisk }
  | { do: 'add disk'; disk: GuestDisk }
  | { do: 'add nic'; nic: GuestNic }
  | { do: 'add channel'; channel: GuestChannel }

const MiB = 2 ** 20
/** Nics of guests that earlier versions have started are counted, and known by their address. */
const isCounted = (device: string) => /^nic\d+$/.test(device)
const limitsDiffer = (disk: GuestDisk, have: Devices['disks'] extends Map<string, infer D> ? D : never) =>
  JSON.stringify(limitWords(disk.limits)) !== JSON.stringify(limitWords(have.limits))

export function planDevices(want: GuestSpec, have: Devices): DeviceChange[] {
  const changes: DeviceChange[] = []
  const is = (nic: GuestNic, device: string, mac: string) =>
    nic.mac.toLowerCase() === mac && (device === nicDevice(nic) || isCounted(device))
  for (const [device, mac] of have.nics) if (!want.nics.some((nic) => is(nic, device, mac))) changes.push({ do: 'remove nic', device })
  for (const id of have.disks.keys())
    if (id !== 'config' && !want.disks.some((disk) => disk.id === id)) changes.push({ do: 'remove disk', id })
  for (const name of have.channels)
    if (!want.channels.some((one) => one.name === name)) changes.push({ do: 'remove channel', channel: { name } })
  changes.push(...adjustments(want, have))
  // The config drive is there from a start on, or not before the next one.
  for (const disk of want.disks) {
    if (!have.disks.get(disk.id)?.attached && disk.source.type !== 'metadata') changes.push({ do: 'add disk', disk })
  }
  for (const nic of want.nics) if (![...have.nics].some(([device, mac]) => is(nic, device, mac))) changes.push({ do: 'add nic', nic })
  for (const channel of want.channels) if (!have.channels.has(channel.name)) changes.push({ do: 'add channel', channel })
  return changes
}

/** What differs of disks that are there: all that is done before a guest runs. */
export function adjustments(want: GuestSpec, have: Devices): Extract<DeviceChange, { do: 'grow disk' | 'limit disk' }>[] {
  return want.disks.flatMap((disk) => {
    const there = have.disks.get(disk.id)
    if (!there?.attached || disk.source.type === 'metadata') return []
    return [
      ...(there.bytes < disk.sizeMiB * MiB ? [{ do: 'grow disk' as const, disk }] : []),
      ...(limitsDiffer(disk, there) ? [{ do: 'limit disk' as const, disk }] : []),
    ]
  })
}
