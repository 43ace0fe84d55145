// Reads what is stored, a little at a time, and compares it with its checksum. What has changed by itself is put aside.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cloud } from '../../../cloud.ts'
import { lockContainer } from '../containers/store.ts'
import { count, findObject, removeObject, type StoredObject } from '../objects/store.ts'
import { dataFolder, quarantine, read } from './data.ts'

const maxObjects = 1000
const maxBytes = 64 * 1024 * 1024

export interface Auditor {
  /** Audits some objects, going on where the last call ended; gives how many. */
  step(): Promise<number>
}

export function createAuditor(cloud: Cloud): Auditor {
  let after: { container_id: number; name: string } = { container_id: 0, name: '' }
  let audited = 0
  let quarantined = 0
  return {
    async step() {
      const rows = await objectsAfter(cloud, after)
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
          if (await setAside(cloud, row)) quarantined++
        }
      }
      if (done === rows.length && rows.length < maxObjects) after = { container_id: 0, name: '' }
      audited += done
      cloud.metrics.gauge('object_store_audited_objects', 'Objects whose checksums were verified since the start', audited)
      cloud.metrics.gauge(
        'object_store_quarantined_objects',
        'Objects put aside since the start because their bytes had changed',
        quarantined,
      )
      return done
    },
  }
}

const objectsAfter = (cloud: Cloud, after: { container_id: number; name: string }): Promise<StoredObject[]> =>
  cloud.database.read
    .selectFrom('object_store_objects')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('container_id', '>', after.container_id),
        eb.and([eb('container_id', '=', after.container_id), eb('name', '>', after.name)]),
      ]),
    )
    .orderBy('container_id')
    .orderBy('name')
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
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
  return size === row.stored && md5.digest('hex') === row.etag
}

/** Takes the object out of the listing, and keeps its bytes for somebody to look at; false when it was replaced meanwhile. */
async function setAside(cloud: Cloud, row: StoredObject): Promise<boolean> {
  const gone = await cloud.database.write(async (tx) => {
    const container = await lockContainer(tx, cloud, row.container_id)
    const now = await findObject(tx.db, row.container_id, row.name)
    if (now?.data_id !== row.data_id) return false
    if (row.place === 'row') {
      const folder = join(dataFolder(cloud), 'quarantined')
      const blob = await tx.db.selectFrom('object_store_blobs').select('data').where('id', '=', row.data_id).executeTakeFirst()
      await mkdir(folder, { recursive: true, mode: 0o700 })
      if (blob) await writeFile(join(folder, row.data_id!), blob.data, { mode: 0o600 })
    }
    await removeObject(tx, cloud, container, now, row.place === 'file')
    // The file's bytes are no more the container's, though they are still there.
    if (row.place === 'file') await count(tx.db, container, 0, -row.stored)
    return true
  })
  if (!gone) return false
  if (row.place === 'file') {
    await quarantine(cloud, row.data_id!).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  cloud.log.error(
    { container: row.container_id, object: row.name, data: row.data_id },
    'an object was quarantined: its bytes are not what was stored',
  )
  return true
}
