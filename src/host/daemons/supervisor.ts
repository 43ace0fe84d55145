// Daemons that outlive the agent: started, found again, told of changes, watched, ended. Who asks for one decides when: a supervisor only
// tells that one has ended, and refuses to start it too often.
import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Clock } from '../../environment.ts'
import type { Log } from '../../log.ts'
import { inOrder } from '../commands/batch.ts'
import { run } from '../commands/exec.ts'
import { namespaceInode, processNamespace, runIn } from '../commands/netns.ts'
import { createBackOff } from './back-off.ts'
import type { DaemonType, Running, WantedDaemon } from './daemon.ts'
import {
  appliedOf,
  aside,
  asideIn,
  cutLog,
  forgetApplied,
  lastWords,
  placeIn,
  readApplied,
  readFiles,
  writeApplied,
  writeFiles,
} from './files.ts'
import { endProcess, type Started, startProcess } from './launch.ts'
import { type DaemonProcess, daemonProcesses, type Found, isAlive, killLeft } from './processes.ts'

export interface Daemons {
  /**
   * Makes a daemon run as wanted: starts it, has it read its files again, or starts it anew. What its check refuses, or does not come up,
   * leaves the one that ran as it was. Throws why not.
   */
  ensure<F extends string>(type: DaemonType<F>, name: string, want: WantedDaemon<F>): Promise<void>
  /** The process that runs under the name, with the inode of its network namespace; null when there is none. */
  find(name: string): Promise<{ pid: number; namespace: number | null } | null>
  /** Ends it, with all that it has started; its files stay. */
  stop(name: string): Promise<void>
  /** Ends it and removes its folder. */
  remove(name: string): Promise<void>
  /** Names of those that run, also of what an agent before this one has started. */
  running(): Promise<string[]>
  folder(name: string): string
  /** Stops watching; daemons go on. */
  close(): Promise<void>
}

interface Known extends Started {
  /** Looks in a row at which it did not serve. */
  silent: number
}

const healthEvery = 10
const cutEvery = 5
const silentAtMost = 3

/**
 * For the daemons whose folders lie in `root`, of these types. `changed` is told the name of one that has ended by itself, that does not
 * serve, or that may be started again.
 */
export function createDaemons(parts: {
  root: string
  types: readonly DaemonType<never>[]
  clock: Clock
  log: Log
  changed(name: string): void
  /** Milliseconds between two looks; 1,000. */
  lookMs?: number
}): Daemons {
  const { root, clock, log } = parts
  const types = new Map(parts.types.map((type) => [type.name, type as unknown as DaemonType]))
  const owners = new Set([process.getuid!(), ...[...types.values()].flatMap(({ user }) => (user ? [user.uid] : []))])
  const known = new Map<string, Known>()
  const orders = new Map<string, ReturnType<typeof inOrder>>()
  const backOff = createBackOff(clock)
  /** Of daemons that are gone, or that have left this for another process group. */
  const leftovers = new Map<string, Found[]>()
  const folderOf = (name: string) => {
    if (!/^[\w-]{1,64}$/.test(name)) throw new Error(`${JSON.stringify(name.slice(0, 80))} is no name of a daemon`)
    return join(root, name)
  }
  const inTurn = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const order = orders.get(name) ?? inOrder()
    orders.set(name, order)
    return order(work)
  }

  /** What versions without this supervisor have started, by argument. */
  const unmarked = new Map<string, DaemonProcess>()
  let found: Promise<void> | null = null
  /** Once: whatever comes later is of this process. */
  const lookAround = () => {
    found ??= (async () => {
      const { marked, byArgument } = await daemonProcesses(root, owners)
      for (const [argument, process] of byArgument) unmarked.set(argument, process)
      for (const each of marked) {
        const name = basename(each.folder)
        if (each.leads && !known.has(name)) known.set(name, { process: each, how: Promise.resolve('its end was not seen'), silent: 0 })
        else leftovers.set(name, [...(leftovers.get(name) ?? []), each])
      }
    })().catch((error) => {
      found = null
      throw error
    })
    return found
  }

  async function current(name: string): Promise<DaemonProcess | null> {
    await lookAround()
    const process = known.get(name)?.process
    return process && (await isAlive(process)) ? process : null
  }

  const end = (process: DaemonProcess, folder: string, stopMs?: number) => endProcess(process, folder, clock, stopMs)

  async function stop(name: string, stopMs?: number): Promise<void> {
    await lookAround()
    const process = known.get(name)?.process
    known.delete(name) // its end is nothing to be told
    if (process) await end(process, folderOf(name), stopMs)
    for (const each of leftovers.get(name) ?? []) if (await isAlive(each)) await end(each, each.folder, stopMs)
    leftovers.delete(name)
  }

  async function start<F extends string>(type: DaemonType<F>, name: string, namespace: string | null): Promise<void> {
    known.set(name, { ...(await startProcess(type, placeIn(folderOf(name)), namespace, { clock, log })), silent: 0 })
    backOff.began(name)
  }

  async function reload<F extends string>(type: DaemonType<F>, at: Running<F>): Promise<void> {
    if (typeof type.reload === 'string') process.kill(at.pid, type.reload)
    else await type.reload?.(at)
  }

  async function ensure<F extends string>(type: DaemonType<F>, name: string, want: WantedDaemon<F>): Promise<void> {
    const folder = folderOf(name)
    const place = placeIn<F>(folder)
    const texts = want.files(place)
    const { namespace } = want
    const inode = namespace === null ? null : await namespaceInode(namespace)
    const target = appliedOf(type, place, inode, texts)
    const [running, applied] = [await current(name), await readApplied(folder)]
    if (running && applied?.restart === target.restart && applied.reload === target.reload) return
    backOff.check(name, `${target.restart} ${target.reload}`)
    await mkdir(folder, { recursive: true, mode: 0o755 })
    try {
      await aside(type, folder, want.files(asideIn(folder)), async (at) => {
        if (!type.check) return
        const [program, ...args] = type.check(at)
        await (namespace === null ? run : runIn(namespace))(program, args)
      })
      const before = running ? await readFiles(type, place) : null
      if (running && before && type.reload && applied?.restart === target.restart && !type.mustRestart?.(before, texts)) {
        await writeFiles(type, place, texts)
        await reload(type, { ...place, pid: running.pid })
        return await writeApplied(folder, target)
      }
      await stop(name, type.stopMs)
      await endEarlier(type, place)
      await forgetApplied(folder)
      await writeFiles(type, place, texts)
      // Before it is started: an agent that ends meanwhile leaves what it has started to the next one.
      await writeApplied(folder, target)
      try {
        await start(type, name, namespace)
      } catch (error) {
        await forgetApplied(folder)
        if (before) {
          await writeFiles(type, place, before)
          if (applied) await writeApplied(folder, applied)
          await start(type, name, namespace).catch((second: Error) =>
            log.error({ daemon: type.name, name, error: second.message }, 'what ran before does not come back'),
          )
        }
        throw error
      }
    } catch (error) {
      backOff.failed(name, `${target.restart} ${target.reload}`, (error as Error).message)
      throw error
    }
  }

  async function endEarlier<F extends string>(type: DaemonType<F>, place: ReturnType<typeof placeIn<F>>): Promise<void> {
    const argument = type.earlier?.(place)
    const earlier = argument === undefined ? undefined : unmarked.get(argument)
    if (!earlier) return
    if (await isAlive(earlier)) await end(earlier, place.folder, type.stopMs)
    unmarked.delete(argument!)
  }

  /** What has ended by itself, or does not serve. */
  async function look(name: string, seen: Known, askHealth: boolean): Promise<void> {
    const folder = folderOf(name)
    let how = ''
    if (!(await isAlive(seen.process))) {
      how = await seen.how
    } else if (askHealth) {
      const type = types.get((await readApplied(folder))?.type ?? '')
      const serves = !type?.health || (await type.health({ ...placeIn(folder), pid: seen.process.pid }).catch(() => false))
      seen.silent = serves ? 0 : seen.silent + 1
      if (seen.silent >= silentAtMost) how = 'it ran and did not answer'
    }
    if (!how || known.get(name) !== seen) return
    known.delete(name)
    if (await isAlive(seen.process)) await end(seen.process, folder, 0)
    else await killLeft(seen.process.pid, folder)
    const applied = await readApplied(folder)
    const what = applied?.type ?? 'a daemon'
    const words = await lastWords(folder)
    log.warn({ daemon: what, name, how }, 'a daemon has ended by itself')
    backOff.ended(
      name,
      applied ? `${applied.restart} ${applied.reload}` : '',
      `${what} has ended by itself (${how}): ${words || 'it said nothing'}`,
    )
    parts.changed(name)
  }

  const stopping = new AbortController()
  const watch = (async () => {
    for (let round = 0; !stopping.signal.aborted; round++) {
      const all = async () => {
        await lookAround()
        for (const [name, seen] of known) {
          await look(name, seen, round % healthEvery === healthEvery - 1)
          if (round % cutEvery === 0) await cutLog(folderOf(name))
        }
        for (const name of backOff.due()) parts.changed(name)
      }
      await all().catch((error: Error) => log.warn({ error: error.message }, 'daemons could not be looked at'))
      await clock.sleep(parts.lookMs ?? 1000, stopping.signal)
    }
  })()

  return {
    ensure: (type, name, want) => inTurn(name, () => ensure(type, name, want)),
    async find(name) {
      const process = await current(name)
      return process && { pid: process.pid, namespace: await processNamespace(process.pid) }
    },
    stop: (name) => inTurn(name, () => stop(name)),
    remove: (name) =>
      inTurn(name, async () => {
        const folder = folderOf(name)
        const type = types.get((await readApplied(folder))?.type ?? '')
        await stop(name, type?.stopMs)
        for (const each of types.values()) await endEarlier(each, placeIn(folder))
        backOff.forget(name)
        await rm(folder, { recursive: true, force: true })
      }),
    async running() {
      await lookAround()
      return [...known.keys()]
    },
    folder: folderOf,
    async close() {
      stopping.abort()
      await watch
    },
  }
}
