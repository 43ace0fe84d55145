// From what a guest is to what it shall be: pure, and tested as a table.
import type { GuestImage, GuestSpec, GuestStatus } from './document.ts'
import type { GuestState } from './files.ts'

export interface GuestHave {
  /** Null when the folder holds none: nothing was made, or it was not finished. */
  state: GuestState | null
  pid: number | null
  /** What its monitor says; null without a process. `shutdown`: the guest has switched itself off and its process waits to be ended. */
  monitor: 'running' | 'paused' | 'shutdown' | 'hanging' | null
  /** The machine's boot now. */
  bootId: string
  password?: string | null
}

export type Change =
  | { do: 'fetch image'; image: GuestImage; as: 'base' | 'kernel' | 'ramdisk' }
  | { do: 'make disks' }
  | { do: 'write config drive' }
  | { do: 'start' }
  | { do: 'shut down'; timeout: number }
  | { do: 'end process' }
  | { do: 'note'; state: Partial<GuestState> }
  | { do: 'remove' }

/** `configDrive` is the digest of the tree that its config drive shall hold, null when it has none. */
export function planGuest(want: GuestSpec | undefined, have: GuestHave | undefined, configDrive: string | null): Change[] {
  const ending: Change[] = have?.pid ? [{ do: 'end process' }] : []
  if (!want) return have ? [...ending, { do: 'remove' }] : []
  const state = have?.state ?? null
  const isUp = have?.pid != null && have.monitor !== 'shutdown'
  // What runs has its disks, even when the agent has lost its memory of it.
  const changes = state?.made || have?.pid ? [] : making(want)

  if (want.power === 'off') {
    if (isUp) changes.push({ do: 'shut down', timeout: want.shutdownTimeout })
    else changes.push(...ending)
    if (isUp || ending.length || state?.running || state?.handled !== 'off')
      changes.push({ do: 'note', state: { running: false, handled: 'off' } })
    return changes
  }

  if (isUp) {
    if (!state?.running) changes.push({ do: 'note', state: { made: true, running: true, handled: 'running', bootId: have.bootId } })
    return changes
  }
  // A guest that ended by itself stays down, until control asks otherwise or the machine itself was started anew.
  const machineRestarted = state?.handled === 'running' && state.running && state.bootId !== have?.bootId
  if (state?.handled === 'running' && !machineRestarted) return [...changes, ...ending]
  changes.push(...ending)
  if (configDrive !== null && state?.configDrive !== configDrive) changes.push({ do: 'write config drive' })
  changes.push({ do: 'start' })
  return changes
}

function making(want: GuestSpec): Change[] {
  const images = [
    { image: want.image, as: 'base' as const },
    { image: want.kernel, as: 'kernel' as const },
    { image: want.ramdisk, as: 'ramdisk' as const },
  ]
  return [...images.flatMap(({ image, as }): Change[] => (image ? [{ do: 'fetch image', image, as }] : [])), { do: 'make disks' }]
}

/** What is reported of a guest. */
export function guestStatus(have: GuestHave | undefined): GuestStatus {
  const state = have?.state
  return {
    power: power(have),
    ...(state?.accelerator ? { accelerator: state.accelerator } : {}),
    ...(have?.password ? { password: have.password } : {}),
  }
}

function power(have: GuestHave | undefined): GuestStatus['power'] {
  if (have?.pid) return have.monitor === 'shutdown' ? 'off' : have.monitor === 'paused' ? 'paused' : 'running'
  return have?.state?.running ? 'crashed' : 'off'
}
