// One QMP connection to each running guest, kept open: it tells at once when a guest stops, and answers from memory how it is.
import { lstat, open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { unawaited } from '../../contain.ts'
import type { Clock } from '../../environment.ts'
import type { Log } from '../../log.ts'
import { connectQmp, type Qmp, type QmpEvent } from '../commands/qmp.ts'
import { type Devices, readDevices } from './devices.ts'
import { guestFolder, names } from './files.ts'
import type { GuestHave } from './plan.ts'

export type MonitorStatus = NonNullable<GuestHave['monitor']>

export interface Monitors {
  /** How the guest is. `hanging` when its monitor does not answer; that is asked again ten seconds later. */
  status(id: string): Promise<MonitorStatus>
  /** What it has; what was last known where its monitor hangs, and null where nothing is. */
  devices(id: string): Promise<Devices | null>
  /** Its devices were changed: they are read again. */
  forgetDevices(id: string): void
  /** Its connection; throws QmpError when it does not answer. */
  of(id: string): Promise<Qmp>
  /** Forgets the connection: the process was ended or is a new one. */
  drop(id: string): void
  close(): void
}

interface Monitor {
  qmp: Qmp
  status: MonitorStatus
  devices: Promise<Devices> | null
}

const answerMs = 3000
const againMs = 10_000
const quietMs = 200

/** Connects to a socket in a guest's folder by an open file of the folder: the path of a data folder may be too long for a socket's. */
export async function atSocket<T>(folder: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const handle = await open(folder)
  try {
    const path = `/proc/self/fd/${handle.fd}/${name}`
    // The folder was QEMU's until it had started: a link in it must not lead the agent elsewhere.
    if (!(await lstat(path)).isSocket()) throw new Error(`${name} of the guest is no socket`)
    return await use(path)
  } finally {
    await handle.close()
  }
}

export function createMonitors(options: { dataDir: string; clock: Clock; log: Log; changed(id: string): void }): Monitors {
  const monitors = new Map<string, Promise<Monitor>>()
  // A QEMU that was taken over may say news without end: each guest is looked at five times a second at most.
  const quiet = new Map<string, boolean>()
  const closing = new AbortController()
  function tell(id: string): void {
    if (closing.signal.aborted) return
    if (quiet.has(id)) return void quiet.set(id, true)
    quiet.set(id, false)
    options.changed(id)
    const pause = options.clock.sleep(quietMs, closing.signal).then(() => {
      const more = quiet.get(id)
      quiet.delete(id)
      if (more) tell(id)
    })
    unawaited(pause, options.log, 'news of a guest')
  }
  const hanging = new Map<string, number>()

  async function meet(id: string): Promise<Monitor> {
    const qmp = await atSocket(guestFolder(options.dataDir, id), names.qmp, (path) => connectQmp(path, answerMs))
    const monitor: Monitor = { qmp, status: 'running', devices: null }
    qmp.onEvent((event) => {
      monitor.status = statusAfter(monitor.status, event)
      // Nobody else changes them, but a guest takes its time to let go of one, and a reset ends what it has not answered.
      if (event.event === 'DEVICE_DELETED' || event.event === 'RESET') monitor.devices = null
      if (['SHUTDOWN', 'STOP', 'DEVICE_DELETED'].includes(event.event)) tell(id)
    })
    try {
      const { status } = ((await qmp.execute('query-status', undefined, answerMs)) ?? {}) as { status?: unknown }
      monitor.status = status === 'running' || status === 'shutdown' || status === 'prelaunch' ? status : 'paused'
    } catch (error) {
      qmp.close()
      throw error
    }
    unawaited(
      qmp.closed.then(() => {
        if (monitors.get(id) === meeting) monitors.delete(id)
        tell(id)
      }),
      options.log,
      'the end of a monitor',
    )
    const meeting = monitors.get(id)
    return monitor
  }

  const known = (id: string): Promise<Monitor> => {
    const old = monitors.get(id)
    if (old) return old
    const fresh = meet(id)
    monitors.set(id, fresh)
    fresh.then(
      () => hanging.delete(id),
      () => monitors.get(id) === fresh && monitors.delete(id),
    )
    return fresh
  }

  return {
    async status(id) {
      if (options.clock.now() < (hanging.get(id) ?? 0)) return 'hanging'
      try {
        const { status } = await known(id)
        hanging.delete(id)
        return status
      } catch {
        hanging.set(id, options.clock.now() + againMs)
        return 'hanging'
      }
    },
    async devices(id) {
      const monitor = await (monitors.get(id) ?? Promise.resolve(null)).catch(() => null)
      if (!monitor) return null
      monitor.devices ??= readDevices(monitor.qmp)
      const reading = monitor.devices
      return await reading.catch(() => {
        if (monitor.devices === reading) monitor.devices = null
        return null
      })
    },
    forgetDevices(id) {
      const forget = (monitor: Monitor) => {
        monitor.devices = null
      }
      monitors.get(id)?.then(forget, () => {})
    },
    of: async (id) => (await known(id)).qmp,
    drop(id) {
      hanging.delete(id)
      const old = monitors.get(id)
      monitors.delete(id)
      old?.then(
        ({ qmp }) => qmp.close(),
        () => {},
      )
    },
    close() {
      closing.abort()
      for (const id of [...monitors.keys()]) this.drop(id)
    },
  }
}

/** A shut-down guest is also stopped: only a reset ends that. */
function statusAfter(status: MonitorStatus, { event }: QmpEvent): MonitorStatus {
  if (event === 'SHUTDOWN') return 'shutdown'
  if (event === 'RESET') return status === 'shutdown' ? 'paused' : status
  if (event === 'RESUME') return 'running'
  if (event === 'STOP' && status !== 'shutdown') return 'paused'
  return status
}

/** A byte stream to the guest's VNC server, or to its serial console, of which QEMU goes on writing the log. */
export async function guestSocket(dataDir: string, id: string, name: 'vnc' | 'serial'): Promise<Socket> {
  return await atSocket(guestFolder(dataDir, id), names[name], (path) => {
    const socket = connect(path)
    return new Promise<Socket>((resolve, reject) => {
      socket.once('connect', () => resolve(socket))
      socket.on('error', reject) // for good: it may break before its reader has come
    })
  })
}
