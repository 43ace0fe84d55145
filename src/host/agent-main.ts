// `nephos agent`: the one process that needs root.
import { createWriteStream, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Config, UserError } from '../config.ts'
import { createEnvironment } from '../environment.ts'
import { createLog } from '../log.ts'
import { type Agent, startAgent } from './agent.ts'
import type { GuestImage } from './guests/document.ts'
import { guestUidRange, type UidRange } from './guests/uids.ts'
import { openJournal } from './journal.ts'
import { connectLink } from './link-client.ts'
import { createLinuxHost } from './linux-host.ts'
import { claimOwnFolders } from './own-folders.ts'

/** Runs the agent of this machine until `stop`; guests and networks stay as they are. */
export async function runAgent(config: Config): Promise<{ stop(): Promise<void> }> {
  const environment = createEnvironment()
  const log = createLog({ level: config.logLevel, format: config.logFormat })
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  claimOwnFolders(config.dataDir)
  const folder = join(config.dataDir, 'agent')
  const pidFile = join(folder, 'pid')
  const killed = onlyOne(pidFile, config.dataDir)
  if (killed !== null)
    log.warn(
      { before: killed },
      'the agent before this one was killed: by kill -9, or by the kernel for want of memory (see dmesg); guests and networks went on, and are looked at anew',
    )
  const journal = openJournal(folder)
  const socketPath = join(config.dataDir, 'run', 'control.sock')
  const host = await createLinuxHost({
    name: config.hostName,
    dataDir: config.dataDir,
    guestUids: guestUidsOf(config),
    hostRoute: config.hostRoute,
    environment,
    log,
    fetchImage: (image, toPath, signal) => fetchImage(socketPath, image, toPath, signal),
    tell: (guestId) => agent.tell('guest', guestId),
  })
  const link = connectLink({ socketPath, name: config.hostName, session: journal.session, host, log })
  const agent: Agent = startAgent({ name: config.hostName, host, link, journal, afterKill: killed !== null, environment, log })
  return {
    async stop() {
      link.close()
      await agent.stop()
      rmSync(pidFile, { force: true })
    },
  }
}

/** The users of the guests of this cloud, on this machine. */
export const guestUidsOf = ({ guestUids, dataDir }: Pick<Config, 'guestUids' | 'dataDir'>): UidRange =>
  guestUidRange(guestUids, dataDir, readFileSync('/proc/self/uid_map', 'utf8'))

/**
 * Two agents on one data folder would undo each other's work. Writes down that this process is the one; throws UserError when another is.
 * Gives the number of an agent that has left its file since the machine was started: it had no time to take it away.
 */
export function onlyOne(pidFile: string, dataDir: string): number | null {
  let before: number | null = null
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    if (pid > 0 && statSync(pidFile).mtimeMs > Date.now() - uptime() * 1000) before = pid
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    // `nephos up` of root is the agent as well. A number may have gone to another program meanwhile.
    const isAgent = words.some((word) => word === 'agent' || word === 'up') && words.some((word) => /nephos\.js$|cli\/main\.ts$/.test(word))
    if (pid !== process.pid && isAgent) {
      throw new UserError(`An agent already runs on ${dataDir} (process ${pid}).`)
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    // no file, or no such process: the place is free
  }
  writeFileSync(pidFile, String(process.pid), { mode: 0o600 })
  return before
}

function fetchImage(socketPath: string, image: GuestImage, toPath: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: `/agent/images/${encodeURIComponent(image.id)}`, signal }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume()
        return reject(new Error(`image ${image.id} cannot be fetched: status ${answer.statusCode}`))
      }
      pipeline(answer, createWriteStream(toPath, { mode: 0o600 })).then(resolve, reject)
    })
    request.on('error', reject)
  })
}
