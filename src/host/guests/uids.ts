// A user of its own for each guest's QEMU, so that one that was taken over reaches no other. The numbers need no entry in passwd.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../../config.ts'
import { inOrder } from '../commands/batch.ts'
import { guestFolder, guestIds, names, replaceFile, writeFlushed } from './files.ts'

export interface UidRange {
  /** The group that all guests are named by and that owns nothing; the users follow it. */
  first: number
  count: number
}

export interface GuestUids {
  range: UidRange
  /** The guest's user: the one that it has, or a new one, on the disk before it is told. Its folder must be there. */
  of(id: string): Promise<number>
  /** To be called when the guest's last process and file are gone. */
  release(id: string): Promise<void>
}

const count = 16_384
const slots = 4096
/** Above what distributions give to people, services and containers, below 2^31. */
const derivedFrom = 2_000_000_000
/** Where only 65,536 numbers are mapped, as in containers. */
const smallFrom = 40_000

/** All guests of earlier versions shared this user; those that run keep it until their next start. */
const sharedUid = 64_990

export const isGuestUid = (range: UidRange, uid: number) => (uid > range.first && uid < range.first + range.count) || uid === sharedUid

/**
 * The numbers of this cloud: from `wished` on, or derived from the data folder, so that two clouds of a machine do not share any. `map` is
 * /proc/self/uid_map. Throws UserError when the machine does not map the numbers.
 */
export function guestUidRange(wished: number | null, dataDir: string, map: string): UidRange {
  const extents = map
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const isMapped = (first: number) => extents.some(([from = 0, , length = 0]) => first >= from && first + count <= from + length)
  const slot = createHash('sha256').update(dataDir).digest().readUInt16BE() % slots
  const first = wished ?? [derivedFrom + slot * count, smallFrom].find(isMapped)
  if (first === undefined || !isMapped(first))
    throw new UserError(
      `This machine does not map ${count} user numbers for guests${first === undefined ? '' : ` from ${first}`}: see --guest-uids.`,
    )
  return { first, count }
}

interface State {
  /** The number that is tried next: a number is not used again before all others were. */
  next: number
  of: Record<string, number>
}

/** `tapOwners` gives the users that own taps of guests. */
export function createGuestUids(parts: { dataDir: string; range: UidRange; tapOwners(): Promise<Iterable<number>> }): GuestUids {
  const { dataDir, range } = parts
  const path = join(dataDir, 'agent', 'guest-uids.json')
  const order = inOrder()
  let known: State | null = null

  async function state(): Promise<State> {
    known ??= await readFile(path, 'utf8')
      .then((text) => JSON.parse(text) as State)
      .catch((error: NodeJS.ErrnoException) => {
        // Without the list guests are known by their disks, and what is in use is seen.
        if (error.code === 'ENOENT' || error instanceof SyntaxError) return { next: range.first + 1, of: {} }
        throw error
      })
    return known
  }
  async function save(next: State): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await replaceFile(path, (temporary) => writeFlushed(temporary, JSON.stringify(next)))
    known = next
  }
  const isOurs = (uid: number) => uid > range.first && uid < range.first + range.count

  /** Who owns something that a new guest must not get: a file of a guest, a process, a tap. */
  async function owners(): Promise<Set<number>> {
    const used = new Set(await parts.tapOwners())
    const add = async (file: string) => {
      const found = await stat(file).catch(() => null)
      if (found) used.add(found.uid)
    }
    for (const pid of await readdir('/proc')) if (/^\d+$/.test(pid)) await add(`/proc/${pid}`)
    for (const id of await guestIds(dataDir)) {
      const folder = guestFolder(dataDir, id)
      for (const name of await readdir(folder).catch(() => [])) await add(join(folder, name))
    }
    return used
  }

  async function allocate(id: string): Promise<number> {
    const { next, of } = await state()
    const folders = new Set(await guestIds(dataDir))
    const kept = Object.fromEntries(Object.entries(of).filter(([other, uid]) => folders.has(other) && isOurs(uid)))
    const used = new Set([...Object.values(kept), ...(await owners())])
    const users = range.count - 1
    for (let step = 0; step < users; step++) {
      const uid = range.first + 1 + ((((next - range.first - 1 + step) % users) + users) % users)
      if (used.has(uid)) continue
      await save({ next: uid + 1, of: { ...kept, [id]: uid } })
      return uid
    }
    throw new Error(`all ${users} user numbers for guests are taken`)
  }

  return {
    range,
    of: (id) =>
      order(async () => {
        const own = (await state()).of[id]
        if (own !== undefined && isOurs(own)) return own
        // When the list was lost, a guest is known by its disk.
        const disk = await stat(join(guestFolder(dataDir, id), names.root)).catch(() => null)
        const { next, of } = await state()
        if (!disk || !isOurs(disk.uid) || Object.values(of).includes(disk.uid)) return allocate(id)
        await save({ next, of: { ...of, [id]: disk.uid } })
        return disk.uid
      }),
    release: (id) =>
      order(async () => {
        const { next, of } = await state()
        if (of[id] === undefined) return
        const { [id]: _gone, ...rest } = of
        await save({ next, of: rest })
      }),
  }
}
