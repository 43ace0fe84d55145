// Copies what has changed in containers to their partners, oldest first. What is not yet there is in the database: it goes on after a restart.

import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { Cloud } from '../../../cloud.ts'
import { limits } from '../limits.ts'
import { contentOf } from '../objects/content.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import type { Container } from '../tables.ts'
import { timestampText } from '../timestamps.ts'
import { type Due, done, dueContainers, dueNames, forget, later, pending } from './queue.ts'
import { type Sent, send } from './send.ts'
import { syncTarget, type Target } from './target.ts'

const batch = 100
const retryMs = 60_000
/** Containers that are copied at the same time. */
const lanes = 4

/** The partner has it, or something newer. */
const fine: Record<Sent['method'], number[]> = { PUT: [200, 201, 202, 409], DELETE: [200, 204, 404, 409] }

/** Sends all that is due; resolves when nothing is, or the rest has to wait. */
export async function syncContainers(cloud: Cloud): Promise<void> {
  const { database, environment } = cloud
  const ids = await dueContainers(database.read, environment.clock.now())
  const work = async () => {
    for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
      // What is wrong with one container is no matter of the others.
      await syncContainer(cloud, id).catch((error) =>
        cloud.log.error({ container: id, error: (error as Error).stack }, 'a container cannot be synchronised'),
      )
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, ids.length) }, work))
  cloud.metrics.gauge(
    'object_store_sync_pending',
    'Objects that are still to be copied to the partners of their containers',
    await pending(database.read),
  )
}

async function syncContainer(cloud: Cloud, id: number): Promise<void> {
  const { database, environment, log } = cloud
  for (;;) {
    const container = await database.read.selectFrom('object_store_containers').selectAll().where('id', '=', id).executeTakeFirst()
    const to = container?.metadata['x-container-sync-to']
    const key = container?.metadata['x-container-sync-key']
    if (!container || !to) {
      await database.write(({ db }) => forget(db, id))
      return
    }
    const wait = (why: string, name?: string) => {
      log.warn({ account: container.account, container: container.name, object: name, why }, 'container synchronisation waits')
      return database.write(({ db }) => later(db, id, environment.clock.now() + retryMs, name))
    }
    let target: Target
    try {
      target = syncTarget(cloud, to)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      await wait(error.message)
      return
    }
    // Without a key nothing is copied: it is how owners halt it.
    if (!key) {
      await wait('the container has no X-Container-Sync-Key')
      return
    }
    const due = await dueNames(database.read, id, environment.clock.now(), batch)
    for (const change of due) {
      let sent: Sent | null
      try {
        sent = await outgoing(cloud, container, change)
      } catch (error) {
        // A manifest without its segments, bytes that were replaced just now: the names behind it do not wait for that.
        await wait(`it cannot be read: ${(error as Error).message}`, change.name)
        continue
      }
      if (!sent) {
        await database.write(({ db }) => done(db, id, change))
        continue
      }
      let status: number
      try {
        status = await send(target, key, environment.hexId(), sent)
      } catch (error) {
        await wait(String(error))
        return
      }
      if (fine[sent.method].includes(status)) await database.write(({ db }) => done(db, id, change))
      else if (status === 401 || status === 403 || status >= 500) {
        await wait(`the partner answered ${status}`)
        return
      } else await wait(`the partner answered ${status}`, change.name)
    }
    if (due.length < batch) return
  }
}

/** Reads everything of the container's own account: its owner has asked for the copies. */
const ownerScope = (container: Container) => ({
  container,
  temp: { scope: 'account' as const, expires: 0, filename: null, inline: false },
})

/** What there is to send of that name: the object as it is now, or its removal; null where it cannot be sent at all. */
async function outgoing(cloud: Cloud, container: Container, { name, changed_at }: Due): Promise<Sent | null> {
  const row = await liveObject(cloud, cloud.database.read, container.id, name)
  if (!row) return { method: 'DELETE', name, timestamp: timestampText(changed_at), headers: {}, body: null, size: 0 }
  const context = { cloud, who: null } as unknown as BaseContext
  const put = { method: 'PUT' as const, name, timestamp: timestampText(row.changed_at), headers: headersOf(row) }
  // Links and dynamic manifests are what they say, not what they lead to.
  if (row.kind === 'link' || row.kind === 'dlo') return { ...put, body: null, size: 0 }
  const content = await contentOf(context, ownerScope(container), row)
  if (content.size > limits.max_file_size) {
    cloud.log.warn({ account: container.account, container: container.name, object: name }, 'too large to be copied to the partner')
    return null
  }
  return { ...put, body: await content.read(0, content.size - 1), size: content.size }
}

function headersOf(row: StoredObject): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': row.content_type }
  for (const [name, value] of Object.entries(row.metadata)) if (!name.startsWith('x-object-sysmeta-')) headers[name] = value
  if (row.delete_at !== null) headers['x-delete-at'] = String(row.delete_at)
  // A static manifest arrives as the plain bytes that it stands for: its segments are elsewhere.
  if (row.kind === '') headers.etag = row.etag
  return headers
}
