// What other services may ask of the object store: to keep large pieces of data of their own, in accounts that no project has.
import { Readable } from 'node:stream'
import type { Cloud } from '../../cloud.ts'
import { isUniqueViolation } from '../../db/database.ts'
import { countInAccount, ensureAccount } from './accounts/store.ts'
import { findContainer, insertContainer, lockContainer } from './containers/store.ts'
import { readManifest, type Segment, splitName } from './large-objects/manifest.ts'
import { objectsIn } from './listing/store.ts'
import { findObject, liveObject, removeObject, type StoredObject } from './objects/store.ts'
import { writeObject } from './objects/write.ts'
import { read, receive, receivedBytes } from './storage/data.ts'
import type { Container } from './tables.ts'
import { isoText, nextTimestamp } from './timestamps.ts'

export interface ObjectFiles {
  /** Makes or replaces the data `name`, cut into segments of `partBytes`; `part(start, end)` gives its bytes from `start` up to, without, `end`. Whole and durable when it resolves. */
  write(name: string, size: number, partBytes: number, part: (start: number, end: number) => AsyncIterable<Buffer>): Promise<void>
  /** Bytes `start` to `end` (inclusive); null when there is no such data. Segments are opened as they are reached. */
  read(name: string, start: number, end: number): Promise<Readable | null>
  /** Size in bytes; null when there is none. */
  size(name: string): Promise<number | null>
  /** Removes the data and segments that an unfinished write has left; idempotent. */
  remove(name: string): Promise<void>
  list(): AsyncGenerator<{ name: string; size: number }>
}

export interface ObjectStoreFacade {
  /** Data in a container of an account that belongs to the cloud itself; both are made when they are missing. No project can reach it. */
  files(account: `.${string}`, container: string): ObjectFiles
}

declare module '../facades.ts' {
  interface Facades {
    objectStore: ObjectStoreFacade
  }
}

const contentType = 'application/octet-stream'
const page = 1000

export const objectStoreFacade = (cloud: Cloud): ObjectStoreFacade => ({
  files(account, container) {
    const segmentsOf = `${container}_segments`
    const find = (name: string) => findContainer(cloud.database.read, account, name)

    async function ensure(name: string): Promise<Container> {
      const make = () =>
        cloud.database.write(async ({ db }) => {
          const at = nextTimestamp(cloud.environment.clock)
          await ensureAccount(db, account, at)
          if (await findContainer(db, account, name)) return
          await insertContainer(db, account, name, {}, at)
          await countInAccount(db, account, { containers: 1 })
        })
      if (!(await find(name)))
        await make().catch((error) => {
          if (!isUniqueViolation(error)) throw error
        })
      return (await find(name))!
    }

    async function removeRow(place: Container | undefined, name: string): Promise<void> {
      if (!place) return
      await cloud.database.write(async (tx) => {
        const locked = await lockContainer(tx, cloud, place.id)
        const row = await findObject(tx.db, locked.id, name)
        if (row) await removeObject(tx, cloud, locked, row)
      })
    }

    async function* namesIn(place: Container | undefined, prefix: string): AsyncGenerator<{ name: string; size: number }> {
      if (!place) return
      for (let from = prefix, after = false; ; after = true) {
        const rows = await objectsIn(cloud.database.read, place.id, { from, after, to: `${prefix}\u{10ffff}`, limit: page, reverse: false })
        yield* rows
        if (rows.length < page) return
        from = rows.at(-1)!.name
      }
    }

    async function removeSegments(name: string, keep = ''): Promise<void> {
      const place = await find(segmentsOf)
      for await (const segment of namesIn(place, `${name}/`))
        if (!keep || !segment.name.startsWith(keep)) await removeRow(place, segment.name)
    }

    async function live(name: string): Promise<StoredObject | undefined> {
      const place = await find(container)
      return place && liveObject(cloud, cloud.database.read, place.id, name)
    }

    async function* pieces(row: StoredObject, start: number, end: number): AsyncGenerator<Buffer> {
      let at = 0
      const place = await find(segmentsOf)
      for (const segment of await readManifest(cloud, row)) {
        const from = Math.max(0, start - at)
        const to = Math.min(segment.bytes - 1, end - at)
        at += segment.bytes
        if (from > to) continue
        const object = splitName(segment.name)!.object
        const found = place && (await liveObject(cloud, cloud.database.read, place.id, object))
        if (found?.etag !== segment.hash) throw new Error(`The segment ${segment.name} is missing or has changed.`)
        const body = await read(cloud, found, from, to)
        if (Buffer.isBuffer(body)) yield body
        else for await (const piece of body) yield piece as Buffer
      }
    }

    return {
      async write(name, size, partBytes, part) {
        const place = await ensure(container)
        if (size <= partBytes) {
          const received = await receive(cloud, part(0, size), size)
          await writeObject(cloud, place, { name, content_type: contentType, metadata: {}, delete_at: null, kind: '', received })
          return removeSegments(name)
        }
        const segments = await ensure(segmentsOf)
        // A folder of its own for each try, so that what is read meanwhile stays as it is.
        const folder = `${name}/${cloud.environment.hexId()}/`
        const manifest: Segment[] = []
        for (let start = 0; start < size; start += partBytes) {
          const end = Math.min(size, start + partBytes)
          const object = folder + String(manifest.length).padStart(6, '0')
          const received = await receive(cloud, part(start, end), end - start)
          const made = await writeObject(cloud, segments, {
            name: object,
            content_type: contentType,
            metadata: {},
            delete_at: null,
            kind: '',
            received,
          })
          manifest.push({
            name: `/${segmentsOf}/${object}`,
            hash: made.etag,
            bytes: made.size,
            content_type: contentType,
            last_modified: isoText(made.changed_at),
          })
        }
        const received = receivedBytes(cloud, Buffer.from(JSON.stringify(manifest)))
        await writeObject(cloud, place, { name, content_type: contentType, metadata: {}, delete_at: null, kind: 'slo', received, size })
        await removeSegments(name, folder)
      },
      async read(name, start, end) {
        const row = await live(name)
        if (!row) return null
        if (row.kind === 'slo') return Readable.from(pieces(row, start, end), { objectMode: false, highWaterMark: 2 ** 20 })
        const body = await read(cloud, row, start, end)
        return Buffer.isBuffer(body) ? Readable.from([body]) : body
      },
      size: async (name) => (await live(name))?.size ?? null,
      async remove(name) {
        await removeRow(await find(container), name)
        await removeSegments(name)
      },
      async *list() {
        for await (const { name, size } of namesIn(await find(container), '')) yield { name, size }
      },
    }
  },
})
