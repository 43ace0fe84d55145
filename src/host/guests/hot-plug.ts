// Changes of a running guest's devices, by its monitor. Each may be cut off anywhere and be done again.
import { chown, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../environment.ts'
import { namespaceInode, processNamespace } from '../commands/netns.ts'
import { type Qmp, QmpError } from '../commands/qmp.ts'
import { giveTap, openTunDevice } from '../commands/taps.ts'
import type { DeviceChange } from './device-plan.ts'
import {
  channelDevice,
  channelSocket,
  channelsDevice,
  channelsWords,
  channelWords,
  diskDevice,
  diskNode,
  freeSlot,
  nicBackend,
  nicDevice,
  nicWords,
} from './device-words.ts'
import { type Devices, limitWords, readDevices } from './devices.ts'
import { deviceOf } from './disks.ts'
import type { GuestDisk, GuestNic } from './document.ts'
import { guestFolder, names, readState } from './files.ts'

export interface HotPlug {
  /** Gives the PCI slot that a new device has, by its id. */
  apply(id: string, pid: number, qmp: Qmp, change: DeviceChange, signal: AbortSignal): Promise<Record<string, number>>
}

/** A guest that takes longer to let go of a device is asked again when its document is looked at again. */
const letGoMs = 15_000

export function createHotPlug(options: {
  dataDir: string
  clock: Clock
  netns: string | null
  tapName(portId: string): string
  uidOf(id: string): Promise<number>
}): HotPlug {
  const { dataDir, clock, netns } = options

  /** The slot that a device had before, or the lowest that is free. */
  async function slotFor(id: string, device: string, { slots }: Devices): Promise<number> {
    const before = (await readState(guestFolder(dataDir, id)))?.slots[device]
    return before !== undefined && !slots.has(before) ? before : freeSlot(slots)
  }

  /** Asks the guest to let go of a device, and waits until it has. */
  async function unplug(qmp: Qmp, device: string, what: string, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController()
    const about = (data: Record<string, unknown>) => data.device === device
    let refused = false
    const off = qmp.onEvent(({ event, data }) => {
      refused ||= event === 'DEVICE_UNPLUG_GUEST_ERROR' && about(data)
      if (refused || (event === 'DEVICE_DELETED' && about(data))) waiting.abort()
    })
    try {
      if (!(await isThere(qmp, device))) return
      await qmp.execute('device_del', { id: device }).catch((error) => {
        // Asked before, and not yet answered.
        if (!(error instanceof QmpError && /in the process of unplug/.test(error.message))) throw error
      })
      await clock.sleep(letGoMs, AbortSignal.any([waiting.signal, signal]))
      if (await isThere(qmp, device))
        throw new Error(
          `the guest ${refused ? 'refuses to let go' : `has not let go within ${letGoMs / 1000} s`} of ${what}; it is asked again, and its next reboot ends it`,
        )
    } finally {
      off()
    }
  }

  async function addDisk(id: string, qmp: Qmp, disk: GuestDisk): Promise<Record<string, number>> {
    const have = await readDevices(qmp)
    const slot = await slotFor(id, deviceOf(disk), have)
    if (!have.disks.has(disk.id)) await qmp.execute('blockdev-add', diskNode(disk))
    await qmp.execute('device_add', diskDevice(disk, slot)).catch(async (error) => {
      await qmp.execute('blockdev-del', { 'node-name': disk.id }).catch(() => {}) // what is left of it is taken up by the next try
      throw error
    })
    if (disk.limits) await limit(qmp, disk)
    return { [deviceOf(disk)]: slot }
  }

  const limit = (qmp: Qmp, disk: GuestDisk) =>
    qmp.execute('block_set_io_throttle', { id: `/machine/peripheral/${deviceOf(disk)}/virtio-backend`, ...limitWords(disk.limits) })

  async function addNic(id: string, pid: number, qmp: Qmp, nic: GuestNic): Promise<Record<string, number>> {
    if (netns !== null && (await processNamespace(pid)) !== (await namespaceInode(netns)))
      throw new Error('the guest was started where no network was, and takes an interface after its next start only')
    const tap = options.tapName(nic.portId)
    const slot = await slotFor(id, nicDevice(nic), await readDevices(qmp))
    const { netdev, device } = nicWords(nic, tap, slot)
    const drop = () => qmp.execute('netdev_del', { id: netdev.id }).catch(() => {}) // there is none, as a rule
    await drop()
    await openTunDevice()
    await giveTap(netns, tap, await options.uidOf(id))
    await qmp.execute('netdev_add', netdev)
    await qmp.execute('device_add', device).catch(async (error) => {
      await drop()
      throw error
    })
    return { [nicDevice(nic)]: slot }
  }

  return {
    async apply(id, pid, qmp, change, signal) {
      const folder = guestFolder(dataDir, id)
      switch (change.do) {
        case 'add disk':
          return addDisk(id, qmp, change.disk)
        case 'grow disk':
          await qmp.execute('block_resize', { 'node-name': change.disk.id, size: change.disk.sizeMiB * 2 ** 20 }, 60_000)
          return {}
        case 'limit disk':
          await limit(qmp, change.disk)
          return {}
        case 'remove disk':
          await unplug(qmp, deviceOf(change), `its disk ${change.id}`, signal)
          await qmp.execute('blockdev-del', { 'node-name': change.id }, 60_000)
          return {}
        case 'add nic':
          return addNic(id, pid, qmp, change.nic)
        case 'remove nic':
          await unplug(qmp, change.device, 'an interface', signal)
          await qmp.execute('netdev_del', { id: nicBackend(change.device) })
          return {}
        case 'add channel': {
          const have = await readDevices(qmp)
          const slot = have.takesChannels ? null : await slotFor(id, channelsDevice, have)
          if (slot !== null) await qmp.execute('device_add', channelsWords(slot))
          const [device, path] = [channelDevice(change.channel), channelSocket(change.channel)]
          await qmp.execute('chardev-remove', { id: device }).catch(() => {}) // there is none, as a rule
          await rm(join(folder, path), { force: true })
          // Guests of earlier versions were started without.
          await mkdir(join(folder, names.channels), { recursive: true, mode: 0o700 })
          const uid = await options.uidOf(id)
          // The folder is the guest's only while its socket is made: what it puts there else nobody would tell from a socket of QEMU.
          await chown(join(folder, names.channels), uid, uid)
          try {
            const addr = { type: 'unix', data: { path } }
            await qmp.execute('chardev-add', { id: device, backend: { type: 'socket', data: { addr, server: true, wait: false } } })
          } finally {
            await chown(join(folder, names.channels), 0, 0)
          }
          await qmp.execute('device_add', channelWords(change.channel))
          return slot === null ? {} : { [channelsDevice]: slot }
        }
        case 'remove channel': {
          const device = channelDevice(change.channel)
          await unplug(qmp, device, `the channel ${change.channel.name}`, signal)
          await qmp.execute('chardev-remove', { id: device })
          await rm(join(folder, channelSocket(change.channel)), { force: true })
          return {}
        }
      }
    },
  }
}

async function isThere(qmp: Qmp, device: string): Promise<boolean> {
  const all = await qmp.execute('qom-list', { path: '/machine/peripheral' })
  return Array.isArray(all) && all.some((one) => (one as { name?: unknown } | null)?.name === device)
}
