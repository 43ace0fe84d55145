// `nephos image verify`: reads what is stored and compares. It looks at the database and the stores itself, so no cloud need run.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { migrations } from '../../migrations/index.ts'
import type { Cloud } from '../cloud.ts'
import { type Config, UserError } from '../config.ts'
import { type Database, execute } from '../db/database.ts'
import { openDatabase } from '../db/open.ts'
import { createEnvironment } from '../environment.ts'
import { silentLog } from '../log.ts'
import { openStores, type Stores } from '../services/image/stores/index.ts'
import { deactivate, findOrphans, type Progress, type Verified, verifyImages } from '../services/image/stores/verify.ts'
import { objectStoreFacade } from '../services/object-store/facade.ts'
import { loadObjectStoreSettings } from '../services/object-store/settings.ts'
import { asOwnerOf } from './data-folder.ts'
import { configOf } from './options.ts'

interface Options {
  orphans?: true
  delete?: true
  deactivate?: true
  json?: true
}

/** Exit code 1 when anything is damaged, missing, unreachable or orphaned. */
export async function imageVerify(command: Command, [id]: string[]): Promise<void> {
  const options = command.opts<Options>()
  const config = configOf(command)
  if (options.delete && !options.orphans) throw new UserError('--delete belongs to --orphans.', 2)
  if (options.orphans && (id !== undefined || options.deactivate)) throw new UserError('--orphans looks at stores, not at images.', 2)
  const bad = await asOwnerOf(join(config.dataDir, 'nephos.db'), () => look(config, id ?? null, options))
  if (bad) process.exitCode = 1
}

/** True when something is wrong. */
async function look(config: Config, id: string | null, options: Options): Promise<boolean> {
  const { database, stores } = await open(config)
  try {
    return options.orphans ? await orphans(database, stores, options) : await verify(database, stores, id, options)
  } finally {
    stores.close()
    await database.close()
  }
}

async function open(config: Config): Promise<{ database: Database; stores: Stores }> {
  const { dataDir, databaseUrl } = config
  const file = join(dataDir, 'nephos.db')
  if (!databaseUrl && !existsSync(file)) throw new UserError(`There is no database in ${dataDir}.`)
  const database = await openDatabase({ databaseUrl, file })
  try {
    const { rows } = await execute(database.read, 'select name from schema_migrations')
    const applied = new Set((rows as { name: string }[]).map(({ name }) => name))
    if (!migrations.every(({ name }) => applied.has(name)))
      throw new UserError('The database is of an older version: start the cloud once, or `nephos db migrate`.')
    const environment = createEnvironment()
    loadObjectStoreSettings(config) // where the store is the object store, whose bytes a service may keep
    const cloud = { config, database, environment, log: silentLog } as Cloud
    return { database, stores: openStores({ config, environment, objectStore: objectStoreFacade(cloud) }) }
  } catch (error) {
    await database.close()
    throw error
  }
}

const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`

/** One line on a terminal's standard error that is written over and over; nothing elsewhere. */
function progressLine() {
  const shown = process.stderr.isTTY
  const started = Date.now()
  let last = 0
  return {
    show({ images, ofImages, bytes, ofBytes }: Progress) {
      if (!shown || Date.now() - last < 100) return
      last = Date.now()
      const width = 20
      const filled = Math.round(width * Math.min(1, ofBytes ? bytes / ofBytes : 1))
      const rate = Math.round(bytes / 2 ** 20 / Math.max(0.001, (last - started) / 1000))
      const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
      process.stderr.write(`\r${bar} ${images} of ${ofImages} images, ${gib(bytes)} of ${gib(ofBytes)}, ${rate} MiB/s\u001b[K`)
    },
    clear: () => void (shown && process.stderr.write('\r\u001b[K')),
  }
}

async function verify(database: Database, stores: Stores, id: string | null, options: Options): Promise<boolean> {
  const line = progressLine()
  const found: Verified[] = []
  for await (const one of verifyImages({ database, stores }, id, line.show)) {
    found.push(one)
    if (one.verdict === 'sound' || options.json) continue
    line.clear()
    process.stdout.write(
      `${one.image} ${one.verdict} in ${one.store}: ${one.detail}${one.name === null ? '' : ` (${JSON.stringify(one.name)})`}\n`,
    )
  }
  line.clear()
  if (id !== null && !found.length) throw new UserError(`There is no image ${id} that has data.`)
  const bad = found.filter(({ verdict }) => verdict !== 'sound')
  const deactivated: string[] = []
  if (options.deactivate) {
    const now = new Date().toISOString()
    const damaged = bad.filter(({ verdict }) => verdict === 'damaged' || verdict === 'missing')
    for (const image of new Set(damaged.map((one) => one.image))) if (await deactivate(database, image, now)) deactivated.push(image)
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ data: found, deactivated }, null, 2)}\n`)
  else {
    const bytes = found.reduce((sum, one) => sum + one.bytes, 0)
    for (const image of deactivated) process.stdout.write(`${image} deactivated\n`)
    process.stdout.write(`${found.length - bad.length} sound, ${bad.length} not, ${gib(bytes)}\n`)
  }
  return bad.length > 0
}

async function orphans(database: Database, stores: Stores, options: Options): Promise<boolean> {
  const { orphans, unreachable } = await findOrphans({ database, stores })
  const faults = [...unreachable]
  let deleted = 0
  if (options.delete) {
    for (const { store, key } of orphans) {
      await stores
        .get(store)!
        .remove(key)
        .then(
          () => deleted++,
          (error: Error) => faults.push({ store, detail: error.message }),
        )
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ orphans, unreachable: faults, deleted }, null, 2)}\n`)
  else {
    for (const { store, key, bytes } of orphans) process.stdout.write(`${key} in ${store}, ${bytes} bytes: of no image\n`)
    for (const { store, detail } of faults) process.stdout.write(`${store}: ${detail}\n`)
    process.stdout.write(`${orphans.length} orphans${options.delete ? `, ${deleted} deleted` : ''}\n`)
  }
  return faults.length > 0 || orphans.length > deleted
}
