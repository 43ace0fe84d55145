// Where a guest's things lie. Root owns the folder, QEMU's user the disks in it; names are relative, as QEMU is started in the folder.
import { randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export const names = {
  state: 'state.json',
  /** Left by the guest itself through the metadata service. */
  password: 'password',
  kernel: 'kernel',
  ramdisk: 'ramdisk',
  root: 'root.qcow2',
  configDrive: 'config.iso',
  console: 'console.log',
  olderConsole: 'console.old',
  log: 'qemu.log',
  sockets: 'sockets',
  qmp: 'sockets/qmp',
  vnc: 'sockets/vnc',
  serial: 'sockets/serial',
  /** Of the sockets of its channels. */
  channels: 'channels',
} as const

/** Files of disks, and of the images that they lie over. */
const ofDisks = /\.(qcow2|raw|iso|base)$|^base\.img$/

/** What is in a guest's folder of its disks, its kernel and its ramdisk. */
export async function diskFiles(folder: string): Promise<string[]> {
  const list = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return list.filter((name) => ofDisks.test(name) || name === names.kernel || name === names.ramdisk)
}

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isGuestId = (id: string) => idPattern.test(id)

/** The guest's folder. Throws for what is no UUID, so that no id can name another path. */
export function guestFolder(dataDir: string, id: string): string {
  if (!isGuestId(id)) throw new Error('a guest id must be a UUID')
  return join(dataDir, 'guests', id)
}

/** What the agent remembers of a guest over its own restarts and the machine's. */
export interface GuestState {
  /** A process was started and its end has not been seen. */
  running: boolean
  /** The wish for power that was last carried out. */
  handled: 'running' | 'off' | null
  /** Boot of the machine in which it was started. */
  bootId: string | null
  /** SHA-256 of the tree on the config drive. */
  configDrive: string | null
  accelerator: string | null
  /** PCI slots of its devices, by their ids: at its next start they are where the guest knows them. */
  slots: Record<string, number>
}

export const newState: GuestState = {
  running: false,
  handled: null,
  bootId: null,
  configDrive: null,
  accelerator: null,
  slots: {},
}

/** Null when there is none, or it cannot be read as one: then the guest is made again from its document. */
export async function readState(folder: string): Promise<GuestState | null> {
  try {
    return { ...newState, ...(JSON.parse(await readFile(join(folder, names.state), 'utf8')) as Partial<GuestState>) }
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Written beside, flushed, and renamed: a power cut leaves the old or the new one. */
export async function writeState(folder: string, state: GuestState): Promise<void> {
  await replaceFile(join(folder, names.state), (path) => writeFlushed(path, JSON.stringify(state)))
}

/** Lets `fill` make a file under another name, then puts it in place of `path`. */
export async function replaceFile(path: string, fill: (temporary: string) => Promise<unknown>): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  try {
    await fill(temporary)
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Writes the file and waits until it is on the disk. */
export async function writeFlushed(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What the guest left as its password; null when nothing. */
export async function readPassword(folder: string): Promise<string | null> {
  return readFile(join(folder, names.password), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

export async function writePassword(folder: string, password: string): Promise<void> {
  await replaceFile(join(folder, names.password), (path) => writeFlushed(path, password))
}

/** Makes the folder, closed to all but root; `giveToGuest` opens it to the guest's user. */
export async function makeGuestFolder(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  await chmod(dirname(folder), 0o711)
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/** Gives what QEMU opens to the guest's user, and the way to it to nobody else: the base image in it may be read by whoever comes there. */
export async function giveToGuest(folder: string, uid: number): Promise<void> {
  await chmod(dirname(folder), 0o711)
  await chown(folder, 0, uid)
  await chmod(folder, 0o710)
  const own = (await diskFiles(folder)).filter((name) => /\.(qcow2|raw|iso)$/.test(name))
  for (const name of [...own, names.console]) {
    await chown(join(folder, name), uid, uid).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
}

/** Ids of the guests that have a folder. */
export async function guestIds(dataDir: string): Promise<string[]> {
  const list = await readdir(join(dataDir, 'guests')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return list.filter(isGuestId)
}
