// One daemon's process: started until it serves, ended with all that it has started.

import { unawaited } from '../../contain.ts'
import type { Clock } from '../../environment.ts'
import type { Log } from '../../log.ts'
import { daemonCommand, startOutliving } from '../commands/outliving.ts'
import type { DaemonType, Place } from './daemon.ts'
import { lastWords, logName } from './files.ts'
import { type DaemonProcess, hasBegun, isAlive, killGroup, killLeft, markName, processOf } from './processes.ts'

export interface Started {
  process: DaemonProcess
  /** How it ended, once it has. */
  how: Promise<string>
}

/** Throws when it does not come to serve; then nothing of it runs. */
export async function startProcess<F extends string>(
  type: DaemonType<F>,
  place: Place<F>,
  namespace: string | null,
  { clock, log }: { clock: Clock; log: Log },
): Promise<Started> {
  const { folder } = place
  const said = async () => (await lastWords(folder)) || 'it said nothing'
  const command = daemonCommand(type.program, type.arguments(place), namespace, type)
  const { pid, exited } = startOutliving({ command, folder, log: logName, env: { [markName]: folder } })
  const how = exited.then((end) => end.how)
  let hasEnded = false
  const note = exited.then(() => {
    hasEnded = true
  })
  unawaited(note, log, 'the end of a daemon')
  const process = pid === undefined ? null : await processOf(pid)
  const until = clock.now() + (type.startMs ?? 5000)
  for (;;) {
    if (!process || hasEnded || !(await isAlive(process))) {
      if (process) await killLeft(process.pid, folder)
      throw new Error(`${type.name} ended as soon as it was started (${await how}): ${await said()}`)
    }
    if ((await hasBegun(process.pid)) && (!type.health || (await type.health({ ...place, pid: process.pid })))) return { process, how }
    if (clock.now() >= until) {
      await endProcess(process, folder, clock, type.stopMs)
      throw new Error(`${type.name} was started and does not answer: ${await said()}`)
    }
    await clock.sleep(10)
  }
}

/** Asks it to end and waits, kills it when `stopMs` are over, and then what is left of its group. */
export async function endProcess(process: DaemonProcess, folder: string, clock: Clock, stopMs = 2000): Promise<void> {
  const until = clock.now() + stopMs
  if (!(await isAlive(process))) return await killLeft(process.pid, folder)
  terminate(process.pid)
  while (await isAlive(process)) {
    if (clock.now() >= until) killGroup(process.pid)
    if (clock.now() >= until + 10_000) throw new Error(`process ${process.pid} does not end`)
    await clock.sleep(20)
  }
  killGroup(process.pid)
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
