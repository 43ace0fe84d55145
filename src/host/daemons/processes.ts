// The processes of daemons. They carry their folder in their environment, so no file can name another process, and what an agent before
// this one has started is found by looking at the machine.
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { starters } from '../commands/outliving.ts'

export const markName = 'NEPHOS_DAEMON'

export interface DaemonProcess {
  pid: number
  /** When it began, in the kernel's ticks: a number that was given to another process has another one. */
  began: string
}

/** What the kernel says of a process; null when there is none, or only its remains. */
async function about(pid: number): Promise<{ state: string; group: number; began: string } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', , group] = fields
  return !text || state === 'Z' || state === 'X' ? null : { state, group: Number(group), began: fields[19]! }
}

export const processOf = async (pid: number): Promise<DaemonProcess | null> => {
  const found = await about(pid)
  return found && { pid, began: found.began }
}

export const isAlive = async ({ pid, began }: DaemonProcess): Promise<boolean> => (await about(pid))?.began === began

export interface Found extends DaemonProcess {
  folder: string
  /** Whether it is the one that was started, and not one that it has started. */
  leads: boolean
}

/**
 * All processes of daemons whose folders lie in `root`, and by each argument that names something in `root` one without a mark that has it.
 * Only those of `owners`, by the owner of the environment: root for a daemon that has given up its rights since, while others can write into
 * theirs what they like.
 */
export async function daemonProcesses(
  root: string,
  owners: ReadonlySet<number>,
): Promise<{ marked: Found[]; byArgument: Map<string, DaemonProcess> }> {
  const marked: Found[] = []
  const byArgument = new Map<string, DaemonProcess>()
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const pid = Number(entry)
    const folder = await markOf(pid)
    const words = folder === null ? await linesOf(pid, 'cmdline') : []
    const named = words.filter((word) => word.includes(`${root}/`))
    if ((folder === null || dirname(folder) !== root) && !named.length) continue
    const [owner, known] = [(await stat(`/proc/${pid}/environ`).catch(() => null))?.uid, await about(pid)]
    if (!known || owner === undefined || !owners.has(owner)) continue
    if (folder !== null) marked.push({ pid, began: known.began, folder, leads: known.group === pid })
    for (const word of named) byArgument.set(word, { pid, began: known.began })
  }
  return { marked, byArgument }
}

const linesOf = async (pid: number, name: 'environ' | 'cmdline') =>
  (await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')).split('\0')
const markOf = async (pid: number) =>
  (await linesOf(pid, 'environ')).find((line) => line.startsWith(`${markName}=`))?.slice(markName.length + 1) ?? null

/** Whether it is the program itself, and not one of those that make its place first. */
export async function hasBegun(pid: number): Promise<boolean> {
  const [word = ''] = await linesOf(pid, 'cmdline')
  return word !== '' && !starters.has(word) // between two programs it has none
}

/** Ends what is left of a daemon whose first process is gone: its number, and its group's, may be another's by now. */
export async function killLeft(leader: number, folder: string): Promise<void> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || (await about(Number(entry)))?.group !== leader || (await markOf(Number(entry))) !== folder) continue
    return killGroup(leader)
  }
}

/** Ends every process of a group at once; that there is none is no fault. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
