// Reads what is stored, a little at a time, and compares it with its checksum. What has changed by itself is put aside.
import { createHash } from 'node:crypto'
import { link, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { lockContainer } from '../containers/store.ts'
import { removeObject, type StoredObject } from '../objects/store.ts'
import { dropVersion } from '../objects/versions.ts'
import { dataFolder, fileOf, read } from './data.ts'
import { shortFile } from './file-body.ts'

const maxObjects = 1000
const maxBytes = 64 * 1024 * 1024

export interface Auditor {
  /** Audits some objects, going on where the last call ended; gives how many. */
  step(): Promise<number>
}

/** Present objects (segments among them) first, then older versions. */
const tables = ['object_store_objects', 'object_store_versions'] as const
type Place = Pick<StoredObject, 'container_id' | 'name' | 'version_id'>
const beginning: Place = { container_id: 0, name: '', version_id: '' }

export function createAuditor(cloud: Cloud): Auditor {
  let table: (typeof tables)[number] = tables[0]
  let after = beginning
  let audited = 0
  let quarantined = 0
  return {
    async step() {
      const rows = await rowsAfter(cloud, table, after)
      let bytes = 0
      let done = 0
      for (const row of rows) {
        if (bytes >= maxBytes) break
        after = row
        done++
        // What an S3 service keeps is looked after there: to read it all would cost more than it is worth.
        if (row.kind !== '' || row.place === 'none' || row.place === 'remote') continue
        bytes += row.stored
        if (!(await isWhole(cloud, row))) {
          if (await setAside(cloud, table, row)) quarantined++
        }
      }
      if (done === rows.length && rows.length < maxObjects) {
        after = beginning
        table = tables[(tables.indexOf(table) + 1) % tables.length]!
      }
      audited += done
      cloud.metrics.gauge('object_store_audited_objects', 'Objects and versions whose checksums were verified since the start', audited)
      cloud.metrics.gauge(
        'object_store_quarantined_objects',
        'Objects and versions put aside since the start because their bytes had changed',
        quarantined,
      )
      return done
    },
  }
}

const rowsAfter = (cloud: Cloud, table: (typeof tables)[number], after: Place): Promise<StoredObject[]> =>
  cloud.database.read
    .selectFrom(table)
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('container_id', '>', after.container_id),
        eb.and([eb('container_id', '=', after.container_id), eb('name', '>', after.name)]),
        eb.and([
          eb('container_id', '=', after.container_id),
          eb('name', '=', after.name),
          // Of an object there is one present version.
          eb('version_id', '>', table === 'object_store_versions' ? after.version_id : '\u{10ffff}'),
        ]),
      ]),
    )
    .orderBy('container_id')
    .orderBy('name')
    .orderBy('version_id')
    .limit(maxObjects)
    .execute()

async function isWhole(cloud: Cloud, row: StoredObject): Promise<boolean> {
  const md5 = createHash('md5')
  let size = 0
  try {
    const body = await read(cloud, row, 0, row.stored - 1)
    for await (const chunk of Buffer.isBuffer(body) ? [body] : (body as AsyncIterable<Buffer>)) {
      size += chunk.length
      md5.update(chunk)
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === shortFile) return false
    // A disk that fails now may read it later; what comes behind is audited all the same.
    cloud.log.error(
      { container: row.container_id, object: row.name, data: row.data_id, error: String(error) },
      'an object cannot be audited',
    )
    return true
  }
  return size === row.stored && md5.digest('hex') === row.etag
}

/** Takes the row away, and keeps its bytes for somebody to look at; false when it was replaced meanwhile. */
async function setAside(cloud: Cloud, table: (typeof tables)[number], row: StoredObject): Promise<boolean> {
  // A second name first: a process that dies in between leaves a copy, not a gap.
  if (row.place === 'file') await keepFile(cloud, row.data_id!)
  const gone = await cloud.database.write(async (tx) => {
    const container = await lockContainer(tx, cloud, row.container_id)
    const now = await tx.db
      .selectFrom(table)
      .selectAll()
      .where('container_id', '=', row.container_id)
      .where('name', '=', row.name)
      .where('version_id', '=', row.version_id)
      .executeTakeFirst()
    if (now?.data_id !== row.data_id) return false
    if (row.place === 'row') await keepRow(tx.db, cloud, row.data_id!)
    if (table === 'object_store_objects') await removeObject(tx, cloud, container, now)
    else await dropVersion(tx, cloud, container, now)
    return true
  })
  if (!gone) {
    await rm(quarantinePath(cloud, row.data_id!), { force: true })
    return false
  }
  cloud.log.error(
    { container: row.container_id, object: row.name, version: row.version_id, data: row.data_id },
    'an object was quarantined: its bytes are not what was stored',
  )
  return true
}

const quarantinePath = (cloud: Cloud, id: string) => join(dataFolder(cloud), 'quarantined', id)
const makeFolder = (cloud: Cloud) => mkdir(join(dataFolder(cloud), 'quarantined'), { recursive: true, mode: 0o700 })

async function keepFile(cloud: Cloud, id: string): Promise<void> {
  await makeFolder(cloud)
  await link(fileOf(cloud, id), quarantinePath(cloud, id)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  })
}

async function keepRow(db: Db, cloud: Cloud, id: string): Promise<void> {
  const blob = await db.selectFrom('object_store_blobs').select('data').where('id', '=', id).executeTakeFirst()
  if (!blob) return
  await makeFolder(cloud)
  await writeFile(quarantinePath(cloud, id), blob.data, { mode: 0o600 })
}
