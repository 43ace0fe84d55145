// Which process is the cloud of a data folder: written down at its start, with the moment at which it began, as numbers are given anew.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The agent's folder is root's alone, so that nobody else can have root end another process. */
const files = (dataDir: string) => [join(dataDir, 'agent/up'), join(dataDir, 'run/up')]

/** Fields of /proc/PID/stat behind the name, in which anything may stand; null where there is no such process. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** In ticks since the machine's start; null where there is no such process, or only what its parent has not asked for yet. */
const beganAt = (pid: number): string | null => {
  const stat = statOf(pid)
  return stat && stat[0] !== 'Z' && stat[0] !== 'X' ? stat[19]! : null
}

/** Writes down that this process is the cloud of the folder; gives a function that takes it back. */
export function claimFolder(dataDir: string, withAgent: boolean): () => void {
  const path = files(dataDir)[withAgent ? 0 : 1]!
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  const text = `${process.pid} ${beganAt(process.pid)}\n`
  writeFileSync(path, text, { mode: 0o600 })
  return () => {
    try {
      if (readFileSync(path, 'utf8') === text) rmSync(path)
    } catch {} // the folder was deleted meanwhile
  }
}

/** What a user has written down names that user's processes alone: root acts on the number. */
function mayName(path: string, pid: number): boolean {
  const owner = statSync(path, { throwIfNoEntry: false })?.uid
  return owner === 0 || owner === statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid
}

export interface CloudProcess {
  pid: number
  isAlive(): boolean
}

/** The process that runs the cloud of the folder, whether or not it answers; undefined when none does. */
export function cloudProcessOf(dataDir: string): CloudProcess | undefined {
  for (const path of files(dataDir)) {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error
      continue
    }
    const [pid, began] = [Number(text.split(' ')[0]), text.trim().split(' ')[1]]
    const isAlive = () => beganAt(pid) === began
    if (pid > 1 && began && isAlive() && mayName(path, pid)) return { pid, isAlive }
  }
  return undefined
}
