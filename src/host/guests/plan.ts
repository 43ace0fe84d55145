// From what a guest is to what it shall be: pure, and tested as a table.
import { type DeviceChange, planDevices } from './device-plan.ts'
import { type Devices, shownDevices } from './devices.ts'
import { baseOf, fileOf } from './disks.ts'
import type { GuestDisk, GuestImage, GuestSpec, GuestStatus } from './document.ts'
import { type GuestState, names } from './files.ts'

export interface GuestHave {
  /** Null when the folder holds none: nothing was made, or it was not finished. */
  state: GuestState | null
  pid: number | null
  /** What its monitor says; null without a process. `shutdown`: the guest has switched itself off and its process waits to be ended; `prelaunch`:
   * its start was cut off. */
  monitor: 'running' | 'paused' | 'shutdown' | 'hanging' | 'prelaunch' | null
  /** What a running guest has; null when its monitor does not tell. */
  devices: Devices | null
  /** Files of its disks, its kernel and its ramdisk. */
  files: readonly string[]
  /** The machine's boot now. */
  bootId: string
  password?: string | null
}

export type Change =
  | { do: 'fetch image'; image: GuestImage; as: string }
  | { do: 'make disk'; disk: GuestDisk }
  | { do: 'remove disk file'; name: string }
  | { do: 'write config drive' }
  | { do: 'start' }
  | { do: 'shut down'; timeout: number }
  | { do: 'end process' }
  | { do: 'note'; state: Partial<GuestState> }
  | { do: 'remove' }
  | { do: 'look at devices' }
  | DeviceChange

/** `configDrive` is the digest of the tree that its config drive shall hold, null when it has none. */
export function planGuest(want: GuestSpec | undefined, have: GuestHave | undefined, configDrive: string | null): Change[] {
  const ending: Change[] = have?.pid ? [{ do: 'end process' }] : []
  if (!want) return have ? [...ending, { do: 'remove' }] : []
  const state = have?.state ?? null
  const isUp = have?.pid != null && have.monitor !== 'shutdown' && have.monitor !== 'prelaunch'
  const files = isUp ? [] : unusedFiles(want, have?.files ?? [])

  if (want.power === 'off') {
    const changes = making(want, have)
    if (isUp) changes.push({ do: 'shut down', timeout: want.shutdownTimeout })
    else changes.push(...ending)
    if (isUp || ending.length || state?.running || state?.handled !== 'off')
      changes.push({ do: 'note', state: { running: false, handled: 'off' } })
    return [...changes, ...files]
  }

  if (isUp) {
    const note: Change[] = state?.running ? [] : [{ do: 'note', state: { running: true, handled: 'running', bootId: have.bootId } }]
    if (!have.devices) return [...note, { do: 'look at devices' }]
    return [...note, ...changing(want, have, have.devices)]
  }
  // A guest that ended by itself stays down, until control asks otherwise or the machine itself was started anew.
  const machineRestarted = state?.handled === 'running' && state.running && state.bootId !== have?.bootId
  const wasCutOff = have?.monitor === 'prelaunch'
  const changes = [...ending, ...making(want, have)]
  if (state?.handled === 'running' && !machineRestarted && !wasCutOff) return [...changes, ...files]
  changes.push(...files)
  if (configDrive !== null && state?.configDrive !== configDrive) changes.push({ do: 'write config drive' })
  changes.push({ do: 'start' })
  return changes
}

/** What a guest that runs gains and loses; its files come before what it gains, and go after what it loses. */
function changing(want: GuestSpec, have: GuestHave, devices: Devices): Change[] {
  const changes = planDevices(want, devices)
  const added = changes.flatMap((change) => (change.do === 'add disk' ? [change.disk] : []))
  const firstAdded = changes.findIndex((change) => change.do.startsWith('add'))
  const at = firstAdded < 0 ? changes.length : firstAdded
  return [...changes.slice(0, at), ...unusedFiles(want, have.files), ...makingDisks(added, have.files), ...changes.slice(at)]
}

/** What is missing of a guest that is down: of one that runs only what it shall gain is. */
function making(want: GuestSpec, have: GuestHave | undefined): Change[] {
  if (have?.pid != null) return []
  const there = have?.files ?? []
  const boot = [
    { image: want.kernel, as: names.kernel },
    { image: want.ramdisk, as: names.ramdisk },
  ]
  const fetched = boot.flatMap(({ image, as }): Change[] => (image && !there.includes(as) ? [{ do: 'fetch image', image, as }] : []))
  return [...fetched, ...makingDisks(want.disks, there)]
}

const makingDisks = (disks: readonly GuestDisk[], there: readonly string[]): Change[] =>
  disks
    .filter((disk) => disk.source.type !== 'metadata' && !there.includes(fileOf(disk)))
    .flatMap((disk): Change[] => [
      ...(disk.source.type === 'image' ? [{ do: 'fetch image' as const, image: disk.source.image, as: baseOf(disk) }] : []),
      { do: 'make disk', disk },
    ])

/** Files of disks that the guest shall not have (any more). */
function unusedFiles({ disks }: GuestSpec, there: readonly string[]): Change[] {
  const used = new Set<string>([names.kernel, names.ramdisk, names.configDrive])
  for (const disk of disks) for (const name of [fileOf(disk), baseOf(disk)]) used.add(name)
  return there.filter((name) => !used.has(name)).map((name) => ({ do: 'remove disk file', name }))
}

/** What is reported of a guest. */
export function guestStatus(have: GuestHave | undefined): GuestStatus {
  const state = have?.state
  return {
    power: power(have),
    ...(have?.pid && have.devices ? { devices: shownDevices(have.devices) } : {}),
    ...(state?.accelerator ? { accelerator: state.accelerator } : {}),
    ...(have?.password ? { password: have.password } : {}),
  }
}

function power(have: GuestHave | undefined): GuestStatus['power'] {
  if (have?.pid)
    return have.monitor === 'shutdown' ? 'off' : have.monitor === 'paused' || have.monitor === 'prelaunch' ? 'paused' : 'running'
  return have?.state?.running ? 'crashed' : 'off'
}
