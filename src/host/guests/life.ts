// Start, stop and reboot of a guest's process.
import { chown, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../environment.ts'
import { namespaceInode } from '../commands/netns.ts'
import { startQemu } from '../commands/qemu.ts'
import { giveTap, openTunDevice } from '../commands/taps.ts'
import type { Accelerator } from './accelerator.ts'
import { openConsoleLog } from './console-log.ts'
import { adjustments } from './device-plan.ts'
import { assignSlots, slotted } from './device-words.ts'
import { readDevices } from './devices.ts'
import type { GuestSpec } from './document.ts'
import { type GuestState, giveToGuest, guestFolder, names, newState, readState, writeState } from './files.ts'
import type { HotPlug } from './hot-plug.ts'
import type { Monitors } from './monitors.ts'
import { guestProcesses, killGuest, waitForEnd } from './processes.ts'
import { qemuArgs } from './qemu-args.ts'
import type { GuestUids } from './uids.ts'

export interface Life {
  /** Throws with QEMU's own words when it does not come up. */
  start(id: string, spec: GuestSpec, signal: AbortSignal): Promise<void>
  /** Presses the power button and waits up to `seconds`; then ends the process. */
  shutDown(id: string, seconds: number, signal: AbortSignal): Promise<void>
  /** Ends the process at once, by force when its monitor hangs. */
  end(id: string): Promise<void>
  /** Presses the power button and waits up to `seconds`; gives whether the guest has shut down. Throws when its monitor hangs. */
  pressButton(id: string, seconds: number, signal: AbortSignal): Promise<boolean>
  note(id: string, change: Partial<GuestState>): Promise<void>
}

const startMs = 20_000
/** The button is pressed again, as a guest that is still booting does not feel it. */
const buttonMs = 5000

export function createLife(options: {
  dataDir: string
  clock: Clock
  uids: GuestUids
  netns: string | null
  tapName(portId: string): string
  accelerator: Accelerator | Promise<Accelerator>
  bootId: string
  monitors: Monitors
  hotPlug: HotPlug
}): Life {
  const { dataDir, clock, uids, netns, monitors } = options
  const folderOf = (id: string) => guestFolder(dataDir, id)
  const pidOf = async (id: string) => (await guestProcesses(dataDir)).get(id)

  const note: Life['note'] = async (id, change) => {
    const folder = folderOf(id)
    await writeState(folder, { ...((await readState(folder)) ?? newState), ...change })
  }

  async function connected(id: string, exited: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const until = clock.now() + startMs
    const ended = { yes: false }
    const end = () => {
      ended.yes = true
    }
    void exited.then(end, end)
    for (;;) {
      const failure = await monitors.of(id).then(
        () => null,
        (error: Error) => error,
      )
      if (!failure) return
      if (ended.yes || signal.aborted || clock.now() > until) throw failure
      await clock.sleep(30, signal)
    }
  }

  /** Lets the guest run, once its disks are as large and as fast as they shall be. */
  async function begin(id: string, spec: GuestSpec, signal: AbortSignal): Promise<void> {
    const qmp = await monitors.of(id)
    for (const change of adjustments(spec, await readDevices(qmp))) await options.hotPlug.apply(id, 0, qmp, change, signal)
    await qmp.execute('cont')
    monitors.forgetDevices(id)
  }

  const start: Life['start'] = async (id, spec, signal) => {
    const folder = folderOf(id)
    const accelerator = await options.accelerator
    const slots = assignSlots(slotted(spec), (await readState(folder))?.slots ?? {})
    const args = qemuArgs(spec, {
      id,
      accelerator,
      taps: spec.nics.map((nic) => options.tapName(nic.portId)),
      slots,
    })
    const uid = await uids.of(id)
    await openConsoleLog(folder)
    await giveToGuest(folder, uid)
    await rm(join(folder, names.log), { force: true })
    for (const sockets of [names.sockets, names.channels]) {
      await rm(join(folder, sockets), { recursive: true, force: true })
      await mkdir(join(folder, sockets), { mode: 0o700 })
      await chown(join(folder, sockets), uid, uid)
    }
    if (spec.nics.length) await openTunDevice()
    for (const nic of spec.nics) await giveTap(netns, options.tapName(nic.portId), uid)
    monitors.drop(id)
    const gid = accelerator === 'kvm' ? await kvmGroup() : undefined
    const { exited } = startQemu({
      folder,
      args,
      uid,
      group: uids.range.first,
      gid,
      // Without a network there may be no namespace yet.
      netns: netns !== null && (spec.nics.length || (await namespaceInode(netns)) !== null) ? netns : null,
      log: names.log,
    })
    try {
      await connected(id, exited, signal)
      // Its sockets are bound: from now on it cannot put anything else in their place.
      for (const sockets of [names.sockets, names.channels]) await chown(join(folder, sockets), 0, 0)
      await begin(id, spec, signal)
    } catch (error) {
      const pid = await pidOf(id)
      if (pid) await killGuest(pid, id, clock)
      monitors.drop(id)
      const said = (await readFile(join(folder, names.log), 'utf8').catch(() => '')).trim()
      throw new Error(`QEMU did not start: ${said.slice(-500) || (error as Error).message}`)
    }
    await note(id, { running: true, handled: 'running', bootId: options.bootId, accelerator, slots })
  }

  const end: Life['end'] = async (id) => {
    const pid = await pidOf(id)
    if (pid === undefined) return
    if (await readState(folderOf(id))) await note(id, { running: false })
    const asked = await monitors
      .of(id)
      .then((qmp) => qmp.execute('quit', undefined, 2000))
      .then(
        () => true,
        () => false,
      )
    if (!asked || !(await waitForEnd(pid, id, clock, 3000))) await killGuest(pid, id, clock)
    monitors.drop(id)
  }

  const pressButton: Life['pressButton'] = async (id, seconds, signal) => {
    const until = clock.now() + seconds * 1000
    let press = clock.now()
    for (;;) {
      if ((await pidOf(id)) === undefined || (await monitors.status(id)) === 'shutdown') return true
      if (clock.now() >= until) return false
      if (signal.aborted) throw new Error('interrupted while waiting for the guest to shut down')
      if (clock.now() >= press) {
        await (await monitors.of(id)).execute('system_powerdown')
        press = clock.now() + buttonMs
      }
      await clock.sleep(100, signal)
    }
  }

  return {
    start,
    end,
    note,
    pressButton,
    async shutDown(id, seconds, signal) {
      // A monitor that hangs cannot press a button: the process is ended then.
      if (seconds > 0)
        await pressButton(id, seconds, signal).catch((error: Error) => {
          if (signal.aborted) throw error
        })
      await end(id)
    },
  }
}

async function kvmGroup(): Promise<number | undefined> {
  const { gid } = await stat('/dev/kvm')
  return gid === 0 ? undefined : gid
}
