// The slow part of an import: bytes come to the store, outside of any transaction. The task that started a job waits for its key
// and asks here; after a restart there is no job, and the task starts it again.
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { judge, type Verdict } from '../data/judge.ts'
import { hashFile, type Received, receive, tooLargeImage } from '../data/receive.ts'
import { hasFile } from '../data/store.ts'
import { room } from '../data/uploads.ts'
import { openSource, SourceFault } from './source.ts'

export interface ImportInput {
  /** Of the task as clients see it. */
  id: string
  imageId: string
  uploadId: string
  method: 'web-download' | 'glance-direct' | 'copy-image'
  uri: string | null
  requestId: string
}

export interface Outcome {
  received: Received
  verdict: Verdict
}

type Job = { state: 'running' } | { state: 'done'; outcome: Outcome } | { state: 'failed'; message: string }

export interface ImportJobs {
  get(id: string): Job | undefined
  /** Begins the work; wakes the task when it has ended. Nothing happens when it runs already. */
  begin(input: ImportInput): void
  /** Ends the work, if there is any, and forgets it; the file is then no longer written. */
  forget(id: string): Promise<void>
}

export const importKey = (id: string) => `image-import:${id}`

export function createImportJobs(cloud: Cloud): ImportJobs {
  const jobs = new Map<string, { job: Job; end: AbortController; work: Promise<void> }>()
  const forget = async (id: string) => {
    const found = jobs.get(id)
    found?.end.abort()
    await found?.work
    jobs.delete(id)
  }
  return {
    get: (id) => jobs.get(id)?.job,
    begin(input) {
      if (jobs.has(input.id)) return
      const end = new AbortController()
      const entry: { job: Job; end: AbortController; work: Promise<void> } = { job: { state: 'running' }, end, work: Promise.resolve() }
      jobs.set(input.id, entry)
      entry.work = transfer(cloud, input, end.signal)
        .then(
          (outcome) => {
            entry.job = { state: 'done', outcome }
          },
          (error: Error) => {
            const known = error instanceof SourceFault || error instanceof Fault
            if (!known) cloud.log.error({ image: input.imageId, error: error.stack }, 'import')
            entry.job = { state: 'failed', message: known ? error.message : 'The data could not be stored.' }
          },
        )
        .then(() => {
          if (!end.signal.aborted) return cloud.database.write((tx) => cloud.tasks.wake(tx, importKey(input.id)))
        })
        .catch((error: Error) => cloud.log.error({ image: input.imageId, error: error.stack }, 'import'))
    },
    forget,
  }
}

async function transfer(cloud: Cloud, input: ImportInput, end: AbortSignal): Promise<Outcome> {
  const { database, image, config } = cloud
  const { store } = image
  const row = await database.read.selectFrom('images').selectAll().where('id', '=', input.imageId).executeTakeFirst()
  if (!row || row.disk_format === null || row.container_format === null) throw new SourceFault('The image is gone.')
  const limit = await room(cloud, row.owner_id, row.id)
  const maxVirtual = config.maxImageBytes * 16
  let path = store.incoming(input.uploadId)
  let received: Received
  if (input.method === 'web-download') {
    await store.begin(input.uploadId)
    received = await download(cloud, input.uri!, path, limit, end)
  } else {
    // After a crash between moving the data to its place and noting that, it is there already.
    if (!(await hasFile(path, row.staged_bytes ?? -1))) path = store.path(input.imageId)
    if (!(await hasFile(path, row.staged_bytes ?? row.size ?? -1))) throw new SourceFault('There is no data to import.')
    received = await hashFile(path, limit)
  }
  const verdict = await judge(path, row.disk_format, row.container_format, maxVirtual)
  end.throwIfAborted()
  if (path === store.incoming(input.uploadId)) await store.commit(input.uploadId, input.imageId)
  return { received, verdict }
}

async function download(cloud: Cloud, uri: string, path: string, limit: number, end: AbortSignal): Promise<Received> {
  const late = AbortSignal.timeout(cloud.config.importTime * 1000)
  try {
    const body = await openSource(uri, cloud.config, AbortSignal.any([end, late]))
    try {
      if (Number(body.headers['content-length'] ?? 0) > limit) throw tooLargeImage(limit)
      return await receive(body, path, limit)
    } finally {
      body.destroy()
    }
  } catch (error) {
    if (late.aborted) throw new SourceFault(`The download took longer than ${cloud.config.importTime} seconds.`)
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET' || code === 'ABORT_ERR' || code?.startsWith('HPE_'))
      throw new SourceFault('The source broke off the download.')
    if (code === 'ENOSPC') throw new SourceFault('There is not enough space left on the storage.')
    throw error
  }
}
