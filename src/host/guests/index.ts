// Guests of this machine, each a QEMU process of its own that outlives the agent.
import { readFileSync } from 'node:fs'
import { chown, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Environment } from '../../environment.ts'
import type { Log } from '../../log.ts'
import { run } from '../commands/exec.ts'
import { listTapOwners } from '../commands/taps.ts'
import type { Driver, Step } from '../driver.ts'
import type { Accelerator } from './accelerator.ts'
import { configDriveDigest, hasConfigDrive, writeConfigDrive } from './config-drive.ts'
import { cutConsoleLog, cutQemuLog, readConsoleLog } from './console-log.ts'
import type { DeviceChange } from './device-plan.ts'
import { makeDisk } from './disks.ts'
import type { GuestSpec } from './document.ts'
import { diskFiles, guestFolder, guestIds, makeGuestFolder, readPassword, readState, writePassword } from './files.ts'
import { createHotPlug } from './hot-plug.ts'
import { createImages, type FetchImage } from './images.ts'
import { createLife } from './life.ts'
import { createMonitors, guestSocket } from './monitors.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { type Change, type GuestHave, guestStatus, planGuest } from './plan.ts'
import { guestProcesses } from './processes.ts'
import { rebootJobs } from './reboots.ts'
import { createGuestUids, type UidRange } from './uids.ts'

export interface GuestOptions {
  environment: Environment
  log: Log
  dataDir: string
  /** The numbers of the guests' users. */
  uids: UidRange
  /** Network namespace with the taps; null: the agent's own. */
  netns: string | null
  tapName(portId: string): string
  /** Or what will tell it; no guest starts before. */
  accelerator: Accelerator | Promise<Accelerator>
  fetchImage: FetchImage
  /** Milliseconds that an image stays in the cache after its last use by a new guest; ten minutes. */
  keepImagesMs?: number
}

export interface Guests {
  driver: Driver<'guest', GuestHave>
  /** QEMU's version as a number, 7.2.22 as 7002022; 0 until it is known. */
  readonly version: number
  onChange(listener: (kind: 'guest', id: string) => void): void
  /** Last `lines` lines of the serial console, all that is kept (at least 1 MiB) when undefined. */
  consoleLog(id: string, lines?: number): Promise<string>
  /** Throws when the guest does not run. */
  vncStream(id: string): Promise<Duplex>
  /** Throws when the guest does not run, or somebody else is at its console. */
  serialStream(id: string): Promise<Duplex>
  /** Removes images from the cache that no guest uses and that were not used for so long. Gives their names. */
  pruneImages(unusedMs: number): Promise<string[]>
  /** Removes a deleted image from the cache. */
  forgetImage(sha512: string): Promise<void>
  /** Keeps what a guest left as its password; it is reported with its status. */
  leavePassword(id: string, password: string): Promise<void>
  /** Stops watching; guests go on. */
  close(): Promise<void>
}

/** For a guest whose document gives it no time to shut down. */
const softRebootSeconds = 60

/** Makes the driver; nothing is touched before the first document. Needs root. */
export function createGuestDriver(options: GuestOptions): Guests {
  const { dataDir, netns, log } = options
  const { clock } = options.environment
  const listeners: ((kind: 'guest', id: string) => void)[] = []
  const changed = (id: string) => {
    for (const listener of listeners) listener('guest', id)
  }
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const monitors = createMonitors({ dataDir, clock, log, changed })
  const images = createImages({ dataDir, clock, fetchImage: options.fetchImage })
  const uids = createGuestUids({ dataDir, range: options.uids, tapOwners: async () => (netns === null ? [] : await listTapOwners(netns)) })
  const hotPlug = createHotPlug({ dataDir, clock, netns, tapName: options.tapName, uidOf: uids.of })
  const life = createLife({ ...options, uids, clock, bootId, monitors, hotPlug })
  let version = 0
  void run('qemu-system-x86_64', ['--version']).then(
    (text) => {
      const [, major, minor, micro] = /version (\d+)\.(\d+)\.(\d+)/.exec(text) ?? [0, 0, 0, 0]
      version = Number(major) * 1_000_000 + Number(minor) * 1000 + Number(micro)
    },
    (error: Error) => log.warn({ error: error.message }, 'the version of QEMU is not known'),
  )

  async function remove(id: string): Promise<void> {
    await life.end(id)
    monitors.drop(id)
    await rm(guestFolder(dataDir, id), { recursive: true, force: true })
    await uids.release(id)
    await images.prune(options.keepImagesMs ?? 600_000)
  }

  /** Makes the change in a guest that runs, and remembers the slots that new devices have got. */
  async function changeDevices(id: string, change: DeviceChange, signal: AbortSignal): Promise<void> {
    const pid = (await guestProcesses(dataDir)).get(id)
    if (pid === undefined) throw new Error('the guest has ended meanwhile')
    try {
      const slots = await hotPlug.apply(id, pid, await monitors.of(id), change, signal)
      const known = (await readState(guestFolder(dataDir, id)))?.slots
      if (Object.keys(slots).length) await life.note(id, { slots: { ...known, ...slots } })
    } finally {
      monitors.forgetDevices(id)
    }
  }

  async function apply(id: string, spec: GuestSpec | undefined, change: Change, signal: AbortSignal): Promise<void> {
    const folder = guestFolder(dataDir, id)
    switch (change.do) {
      case 'fetch image':
        await makeGuestFolder(folder)
        return images.link(change.image, join(folder, change.as), signal)
      case 'make disk':
        await makeGuestFolder(folder)
        return makeDisk(folder, change.disk, await uids.of(id))
      case 'remove disk file':
        return rm(join(folder, change.name), { force: true })
      case 'write config drive': {
        const uid = await uids.of(id)
        await writeConfigDrive(folder, spec!.metadata, (path) => chown(path, uid, uid))
        return life.note(id, { configDrive: configDriveDigest(spec!) })
      }
      case 'start':
        return life.start(id, spec!, signal)
      case 'shut down':
        return life.shutDown(id, change.timeout, signal)
      case 'end process':
        return life.end(id)
      case 'note':
        return life.note(id, change.state)
      case 'remove':
        return remove(id)
      case 'look at devices':
        throw new Error('the monitor of the guest did not answer what disks and interfaces it has')
      default:
        return changeDevices(id, change, signal)
    }
  }

  async function observe(): Promise<Map<string, GuestHave>> {
    const processes = await guestProcesses(dataDir)
    const ids = new Set([...(await guestIds(dataDir)), ...processes.keys()])
    const look = async (id: string): Promise<[string, GuestHave]> => {
      const pid = processes.get(id) ?? null
      const monitor = pid === null ? null : await monitors.status(id)
      const folder = guestFolder(dataDir, id)
      const devices = monitor === null ? null : await monitors.devices(id)
      const [state, files, password] = [await readState(folder), await diskFiles(folder), await readPassword(folder)]
      return [id, { state, pid, monitor, devices, files, bootId, password }]
    }
    return new Map(await Promise.all([...ids].map(look)))
  }

  async function cutLogs(): Promise<void> {
    for (const id of await guestIds(dataDir)) {
      const folder = guestFolder(dataDir, id)
      for (const cut of [cutConsoleLog, cutQemuLog]) {
        await cut(folder).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') log.warn({ guest: id, error: error.message }, 'a log could not be cut')
        })
      }
    }
  }

  const stopping = new AbortController()
  const watch = (async () => {
    while (!stopping.signal.aborted) {
      await cutLogs().catch((error: Error) => log.warn({ error: error.message }, 'the logs of guests could not be cut'))
      await clock.sleep(5000, stopping.signal)
    }
  })()

  return {
    driver: {
      kind: 'guest',
      observe,
      plan(id, want, have): Step[] {
        const changes = planGuest(want, have, want ? configDriveDigest(want) : null)
        return changes.map((change) => ({ name: change.do, run: (signal) => apply(id, want, change, signal) }))
      },
      status: (_id, have) => guestStatus(have),
      jobs: rebootJobs({
        askToShutDown: (id, spec, signal) => life.pressButton(id, spec.shutdownTimeout || softRebootSeconds, signal),
        async startAnew(id, spec, signal) {
          // A new process, not a reset of the old: emulation is three times slower over memory that holds code it has translated.
          await life.end(id)
          const state = await readState(guestFolder(dataDir, id))
          if (hasConfigDrive(spec) && state?.configDrive !== configDriveDigest(spec))
            await apply(id, spec, { do: 'write config drive' }, signal)
          await life.start(id, spec, signal)
        },
      }),
    },
    get version() {
      return version
    },
    onChange: (listener) => void listeners.push(listener),
    consoleLog: (id, lines) => readConsoleLog(guestFolder(dataDir, id), lines),
    vncStream: (id) => guestSocket(dataDir, id, 'vnc'),
    serialStream: oneAtATime((id) => guestSocket(dataDir, id, 'serial')),
    pruneImages: (unusedMs) => images.prune(unusedMs),
    forgetImage: (sha512) => images.forget(sha512),
    async leavePassword(id, password) {
      await writePassword(guestFolder(dataDir, id), password)
      changed(id)
    },
    async close() {
      stopping.abort()
      listeners.length = 0
      monitors.close()
      await watch
    },
  }
}
