// The keys of tokens and of secrets at rest. They lie in the database, so that all control processes have the same and learn of new ones,
// but under a master key that lies in a file: who has only one of the two has nothing.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Config, UserError } from '../config.ts'
import type { Database, Db } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import { type FernetKey, fernetDecrypt, fernetEncrypt, fernetKey } from './fernet.ts'
import { changeGeneration } from './store.ts'
import type { KeyRow } from './tables.ts'

export interface KeyRepository {
  /** Primary first, then the staged one, then those that were primary, newest first. */
  keys(): FernetKey[]
}

export const purposes = ['token', 'credential'] as const
export type Purpose = (typeof purposes)[number]

export interface KeyState {
  purpose: Purpose
  number: number
  state: 'staged' | 'primary' | 'old'
  createdAt: string
  /** When an old one is dropped; null while rows may be under it. */
  dropAt: string | null
}

export interface Keys {
  token: KeyRepository
  credential: KeyRepository
  /** Reads keys again when any process has changed them. */
  refresh(): Promise<void>
  status(): Promise<KeyState[]>
  /**
   * Makes the staged key primary and stages a new one, which every process then knows before it is used; drops what has run out.
   * With `olderThanMs` only when the newest key is older. Gives whether it was done.
   */
  rotate(purpose: Purpose, olderThanMs?: number): Promise<boolean>
  /** Says that nothing is under former keys of secrets any more: they are dropped a day later. */
  release(): Promise<void>
}

/** Secrets under a former key may come from a process that learned late: its key is kept this much longer. */
const graceMs = 86_400_000
/** Folders of a version that had its keys in files. */
const formerly: Record<Purpose, string> = { token: 'keys', credential: 'credential-keys' }

const masterFile = (config: Config) => config.keyFile ?? join(config.dataDir, 'master-key')

function readMaster(path: string): FernetKey {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(`The master key ${path} cannot be read: ${(error as Error).message}.`)
  }
  const bytes = Buffer.from(text.trim(), 'base64url')
  if (bytes.length !== 32) throw new UserError(`The master key ${path} cannot be read: it is 32 bytes in base64.`)
  return fernetKey(bytes)
}

/** The master key; made when there is neither file nor key. Throws UserError when there are keys that it is missing for. */
async function openMaster(config: Config, { random }: Environment, database: Database): Promise<FernetKey> {
  const path = masterFile(config)
  if (existsSync(path)) return readMaster(path)
  if (await database.read.selectFrom('identity_keys').select('number').executeTakeFirst())
    throw new UserError(
      `The keys of this database are under a master key, and ${path} does not exist. Copy it from the machine where it was made, or name it with key-file.`,
    )
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, `${random.bytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readMaster(path)
}

/** Keys of a former version, oldest first and the staged one last. */
function keysInFiles(folder: string): Buffer[] {
  if (!existsSync(folder)) return []
  const numbers = readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => (a || Number.POSITIVE_INFINITY) - (b || Number.POSITIVE_INFINITY))
  return numbers.map((number) => Buffer.from(readFileSync(join(folder, String(number)), 'utf8'), 'base64url'))
}

/** Opens the keys, and makes them at the first start. */
export async function openKeys(parts: { config: Config; environment: Environment; database: Database }): Promise<Keys> {
  const { config, environment, database } = parts
  const { clock, random } = environment
  const master = await openMaster(config, environment, database)
  const iso = (ms = clock.now()) => new Date(ms).toISOString()
  const wrap = (bytes: Buffer) => fernetEncrypt(master, bytes, Math.floor(clock.now() / 1000), random.bytes(16))
  const unwrapped = new Map<string, FernetKey>()
  function unwrap(row: KeyRow): FernetKey {
    const known = unwrapped.get(row.wrapped_key)
    if (known) return known
    const opened = fernetDecrypt([master], row.wrapped_key)
    if (!opened) throw new UserError(`The keys of this database are under another master key than ${masterFile(config)}.`)
    const key = fernetKey(opened.payload)
    unwrapped.set(row.wrapped_key, key)
    return key
  }
  const rowsOf = (db: Db, purpose: Purpose) =>
    db.selectFrom('identity_keys').selectAll().where('purpose', '=', purpose).orderBy('number', 'desc').execute()

  async function make(purpose: Purpose): Promise<void> {
    const folder = join(config.dataDir, formerly[purpose])
    const found = keysInFiles(folder)
    await database.write(async ({ db }) => {
      if ((await rowsOf(db, purpose)).length) return
      const keys = found.length > 1 ? found : [...found, random.bytes(32), random.bytes(32)].slice(-2)
      for (const [index, bytes] of keys.entries())
        await db
          .insertInto('identity_keys')
          .values({ purpose, number: index + 1, wrapped_key: wrap(bytes), created_at: iso(), drop_at: null })
          .onConflict((c) => c.doNothing())
          .execute()
    })
    rmSync(folder, { recursive: true, force: true })
  }
  for (const purpose of purposes) if (!(await rowsOf(database.read, purpose)).length) await make(purpose)

  const current: Record<Purpose, FernetKey[]> = { token: [], credential: [] }
  let known = -1
  async function refresh(): Promise<void> {
    const { key_generation } = await database.read
      .selectFrom('identity_state')
      .select('key_generation')
      .where('id', '=', 1)
      .executeTakeFirstOrThrow()
    if (key_generation === known) return
    for (const purpose of purposes) {
      const [staged, primary, ...old] = (await rowsOf(database.read, purpose)).map(unwrap)
      current[purpose] = [primary!, staged!, ...old]
    }
    known = key_generation
  }
  await refresh()

  return {
    token: { keys: () => current.token },
    credential: { keys: () => current.credential },
    refresh,
    async status() {
      const states: KeyState[] = []
      for (const purpose of purposes)
        for (const [index, row] of (await rowsOf(database.read, purpose)).entries())
          states.push({
            purpose,
            number: row.number,
            state: index === 0 ? 'staged' : index === 1 ? 'primary' : 'old',
            createdAt: row.created_at,
            dropAt: row.drop_at,
          })
      return states
    },
    async rotate(purpose, olderThanMs) {
      if (olderThanMs !== undefined) {
        const rows = await rowsOf(database.read, purpose)
        const isDue = Date.parse(rows[0]!.created_at) + olderThanMs <= clock.now()
        if (!isDue && !rows.some((row) => row.drop_at !== null && row.drop_at <= iso())) return false
      }
      const done = await database.write(async ({ db }) => {
        // Held from here on: two rotations are one after the other.
        await db
          .updateTable('identity_state')
          .set((eb) => ({ key_generation: eb('key_generation', '+', 1) }))
          .where('id', '=', 1)
          .execute()
        const [staged, primary] = await rowsOf(db, purpose)
        const now = clock.now()
        const late = olderThanMs === undefined || Date.parse(staged!.created_at) + olderThanMs <= now
        if (late) {
          // A token under it may live so long, and be asked for with allow_expired for some time more.
          const lifeMs = (config.tokenLifetime + config.allowExpiredWindow) * 1000
          await db
            .updateTable('identity_keys')
            .set({ drop_at: purpose === 'token' ? iso(now + lifeMs) : null })
            .where('purpose', '=', purpose)
            .where('number', '=', primary!.number)
            .execute()
          const number = staged!.number + 1
          await db
            .insertInto('identity_keys')
            .values({ purpose, number, wrapped_key: wrap(random.bytes(32)), created_at: iso(), drop_at: null })
            .execute()
        }
        await db.deleteFrom('identity_keys').where('purpose', '=', purpose).where('drop_at', '<=', iso()).execute()
        await changeGeneration(db)
        return late
      })
      await refresh()
      return done
    },
    async release() {
      const primary = (await rowsOf(database.read, 'credential'))[1]!.number
      await database.write(({ db }) =>
        db
          .updateTable('identity_keys')
          .set({ drop_at: iso(clock.now() + graceMs) })
          .where('purpose', '=', 'credential')
          .where('number', '<', primary)
          .where('drop_at', 'is', null)
          .execute(),
      )
    },
  }
}
