// The data folder beside a real host: root's, and the control process, which has a user of its own, makes its files in it. The folder is
// sticky, so that this user can neither remove nor replace what is root's: settings, and the folders that the agent works from.
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { claimOwnFolders } from '../host/own-folders.ts'

/** What belongs to the control process; guests, their images and the agent's documents stay root's. */
const ownNames =
  /^(nephos\.db(-wal|-shm|-journal|-reserve)?|(admin|demo)-password|master-key|clouds\.yaml|(demo-)?openrc|keys|images|object-store|run)$/
/** What the operator writes: the control process only reads it. */
const settingNames = /^(policy|nephos|federation|directory|image-stores|object-store)\.yaml$/

/** Makes the folder one for root and user `uid`. Throws UserError when somebody else has made what is to be root's. */
export function shareDataFolder(dataDir: string, uid: number): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  // First of all: from here on nobody exchanges what is looked at below.
  chownSync(dataDir, 0, uid)
  chmodSync(dataDir, 0o1770)
  claimOwnFolders(dataDir)
  for (const name of readdirSync(dataDir)) {
    if (ownNames.test(name)) give(join(dataDir, name), uid, name === 'object-store')
    else if (settingNames.test(name)) show(join(dataDir, name), uid)
  }
}

/** Ends the sharing: a cloud that runs wholly as root has the folder for itself. */
export function keepDataFolder(dataDir: string): void {
  const found = statSync(dataDir, { throwIfNoEntry: false })
  if (found && (found.mode & 0o1020) === 0o1020) chmodSync(dataDir, 0o700)
}

/** Folders are walked by open files: a program of that user may put links in their place meanwhile. */
function give(path: string, uid: number, many = false): void {
  const found = lstatSync(path)
  if (found.uid !== uid) lchownSync(path, uid, uid)
  // Of millions of objects none is looked at where the folder is right: it is only wrong after a cloud that ran wholly as root.
  if (!found.isDirectory() || (many && found.uid === uid)) return
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    const inside = `/proc/self/fd/${folder}`
    for (const name of readdirSync(inside)) give(join(inside, name), uid)
  } finally {
    closeSync(folder)
  }
}

/** Lets `uid` read a file by its group. A link is the operator's, and so is what it leads to; what `uid` has stays its own, and is not trusted. */
function show(path: string, uid: number): void {
  const found = lstatSync(path)
  if (!found.isFile() || found.uid === uid) return
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { mode, uid: owner } = fstatSync(file)
    fchownSync(file, owner, uid)
    fchmodSync(file, (mode & 0o777) | 0o040)
  } finally {
    closeSync(file)
  }
}

/**
 * Lets root work as the user whose file it is: in a sticky folder the kernel may keep even root from writing to a file of another, and
 * what is made beside it (a journal) has to be that user's too.
 */
export async function asOwnerOf<T>(path: string, work: () => Promise<T>): Promise<T> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (process.getuid?.() !== 0 || !found || found.uid === 0) return work()
  process.setegid!(found.gid)
  process.seteuid!(found.uid)
  try {
    return await work()
  } finally {
    process.seteuid!(0)
    process.setegid!(0)
  }
}
