// What a crash may leave: files that no row knows. They are never listed; here they are removed.
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Cloud } from '../../../cloud.ts'
import { incomingFolder, shardFolder } from './data.ts'

/** Unfinished uploads of before this start; called before anything listens. */
export async function sweepIncoming(cloud: Cloud): Promise<void> {
  const folder = incomingFolder(cloud)
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true })
}

/** Which of these ids some row has. */
export async function knownData(cloud: Cloud, ids: string[]): Promise<Set<string>> {
  const found = new Set<string>()
  if (!ids.length) return found
  for (const table of ['object_store_objects', 'object_store_versions'] as const) {
    for (let at = 0; at < ids.length; at += 500) {
      const rows = await cloud.database.read
        .selectFrom(table)
        .select('data_id')
        .where('data_id', 'in', ids.slice(at, at + 500))
        .where('place', '<>', sql.lit('row')) // as the index has it
        .execute()
      for (const row of rows) found.add(row.data_id!)
    }
  }
  return found
}

/** Removes files that are older than `before` (milliseconds) and belong to no row; gives how many. */
export async function sweepData(cloud: Cloud, before: number): Promise<number> {
  let removed = 0
  for (let shard = 0; shard < 256; shard++) {
    const folder = shardFolder(cloud, shard.toString(16).padStart(2, '0'))
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return [] // no file has come into it yet
    })
    const known = await knownData(cloud, names)
    for (const name of names) {
      if (known.has(name)) continue
      const path = join(folder, name)
      const info = await stat(path).catch(() => null)
      if (!info || info.ctimeMs >= before) continue
      await rm(path, { force: true })
      removed++
    }
  }
  return removed
}
