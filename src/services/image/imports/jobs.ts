// The slow part of an import: bytes come to the store, outside of any transaction. The task that started a job waits for its key
// and asks here; after a restart there is no job, and the task starts it again.
import { Readable } from 'node:stream'
import type { Selectable } from 'kysely'
import { type Static, Type } from 'typebox'
import { Fault } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import { room, withinRoom } from '../data/arrivals.ts'
import type { Verdict } from '../data/judge.ts'
import { hasFile } from '../data/staging.ts'
import { isFull } from '../data/unfinished.ts'
import { activeLocations } from '../images/locations.ts'
import { StoreFault } from '../stores/place.ts'
import { NoData, readLocations } from '../stores/read.ts'
import { hashFile, type Received, receive, tooLargeImage } from '../stores/receive.ts'
import type { ImageRow } from '../tables.ts'
import { type Formats, prepare, workOf } from './prepare.ts'
import { openSource, SourceFault } from './source.ts'
import { createOwnedTurns, type Turns } from './turns.ts'

export const ImportInput = Type.Object({
  /** Of the task as clients see it. */
  id: Type.String(),
  imageId: Type.String(),
  uploadId: Type.String(),
  method: Type.Unsafe<'web-download' | 'glance-direct' | 'copy-image'>({ enum: ['web-download', 'glance-direct', 'copy-image'] }),
  uri: Type.Union([Type.String(), Type.Null()]),
  requestId: Type.String(),
  /** Stores that are to get the data; the default one where it is not told. */
  stores: Type.Optional(Type.Array(Type.String())),
  /** False: the image is there as soon as one store has its data, and stays when others fail. */
  allMustSucceed: Type.Optional(Type.Boolean()),
  /** Properties that the operator gives to what users import. */
  inject: Type.Optional(Type.Record(Type.String(), Type.String())),
})
export type ImportInput = Static<typeof ImportInput>

export interface Outcome {
  /** The staged file that is to be stored. */
  fileId: string
  received: Received
  verdict: Verdict
  /** What the data is now: not what was declared when it was decompressed or converted. */
  formats?: Formats
}

export type ImportStep = 'transfer' | 'place' | 'spread'
type Job<T> = { state: 'running' } | { state: 'done'; outcome: T } | { state: 'failed'; message: string }

export interface ImportJobs {
  get<T>(input: ImportInput, step: ImportStep): Job<T> | undefined
  /** Begins the work of a step; wakes the task when it has ended. Nothing happens when it runs already. */
  begin<T>(input: ImportInput, step: ImportStep, work: (end: AbortSignal) => Promise<T>): void
  /** True while work goes on. */
  isBusy(id: string): boolean
  /** Ends all work of the import and forgets it, then wakes the task: nothing is written any more then. Not to be waited for in a transaction. */
  end(id: string): void
  /** Forgets work that has ended. */
  forget(id: string): void
  /** Turns of downloads, for each project and in all. */
  downloads(owner: string): Turns
  /** Turns of work that may fill a processor, and take memory and disk bandwidth. */
  heavy(owner: string): Turns
}

export const importKey = (id: string) => `image-import:${id}`

export function createImportJobs(cloud: Cloud): ImportJobs {
  interface Entry {
    job: Job<unknown>
    end: AbortController
    work: Promise<void>
  }
  const jobs = new Map<string, Entry>()
  const nameOf = (id: string, step: ImportStep) => `${step} ${id}`
  const stepsOf = (id: string) => (['transfer', 'place', 'spread'] as const).map((step) => nameOf(id, step))
  /** A task that is not woken would wait for days. */
  const wake = (id: string) =>
    cloud.image.unfinished.finish(importKey(id), () => cloud.database.write((tx) => cloud.tasks.wake(tx, importKey(id))))
  const forget = (id: string) => {
    for (const name of stepsOf(id)) jobs.delete(name)
    cloud.image.arrivals.end(id)
  }
  async function end(id: string): Promise<void> {
    const found = stepsOf(id).flatMap((name) => jobs.get(name) ?? [])
    for (const entry of found) entry.end.abort()
    await Promise.all(found.map(({ work }) => work))
    forget(id)
    await wake(id)
  }
  return {
    get: <T>(input: ImportInput, step: ImportStep) => jobs.get(nameOf(input.id, step))?.job as Job<T> | undefined,
    begin(input, step, work) {
      if (jobs.has(nameOf(input.id, step))) return
      const end = new AbortController()
      const entry: Entry = { job: { state: 'running' }, end, work: Promise.resolve() }
      jobs.set(nameOf(input.id, step), entry)
      entry.work = work(end.signal)
        .then(
          (outcome) => {
            entry.job = { state: 'done', outcome }
          },
          (error: Error) => {
            const known = error instanceof SourceFault || error instanceof Fault || error instanceof StoreFault
            if (!known) cloud.log.error({ image: input.imageId, error: error.stack }, 'import')
            entry.job = { state: 'failed', message: known ? error.message : 'The data could not be stored.' }
          },
        )
        .then(() => {
          if (!end.signal.aborted) return wake(input.id)
        })
        .catch((error: Error) => cloud.log.error({ image: input.imageId, error: error.stack }, 'import'))
    },
    isBusy: (id) => stepsOf(id).some((name) => jobs.get(name)?.job.state === 'running'),
    end: (id) => void end(id).catch((error: Error) => cloud.log.error({ task: id, error: error.stack }, 'import')),
    forget,
    downloads: createOwnedTurns(cloud.config.importDownloadsOfProject, cloud.config.importDownloads),
    heavy: createOwnedTurns(1, 2),
  }
}

/** Brings the data to a staged file, checked and as it is to be stored. When it fails, all space that it took is given back at once. */
export async function transfer(cloud: Cloud, input: ImportInput, end: AbortSignal): Promise<Outcome> {
  const { store, arrivals } = cloud.image
  try {
    return await bring(cloud, input, end)
  } catch (error) {
    arrivals.end(input.id)
    for (const id of workOf(input.uploadId)) await store.discard(id)
    if (input.method !== 'glance-direct') await store.empty(input.uploadId, false)
    throw isFull(error) ? new SourceFault('There is not enough space left on the storage.') : error
  }
}

async function bring(cloud: Cloud, input: ImportInput, end: AbortSignal): Promise<Outcome> {
  const { database, image } = cloud
  const { store } = image
  const row = await database.read.selectFrom('images').selectAll().where('id', '=', input.imageId).executeTakeFirst()
  if (!row || row.disk_format === null || row.container_format === null) throw new SourceFault('The image is gone.')
  const { arrivals, imports } = image
  arrivals.begin(input.id, row.owner_id)
  const path = store.incoming(input.uploadId)
  let received: Received
  if (input.method === 'web-download') {
    await store.begin(input.uploadId)
    received = await imports.downloads(row.owner_id).take(end, () => download(cloud, input, row, path, end))
    arrivals.settle(input.id, received.size)
  } else if (input.method === 'copy-image') {
    return copyToStaging(cloud, row, input.uploadId)
  } else {
    if (!(await hasFile(path, row.staged_bytes ?? -1))) throw new SourceFault('There is no data to import.')
    received = await hashFile(path, await room(cloud, row))
  }
  const { owner_id, disk_format, container_format } = row
  const upload = { id: input.uploadId, path, received, disk_format, container_format }
  const prepared = await prepare(cloud, upload, { id: row.id, owner_id, arrival: input.id }, end)
  end.throwIfAborted()
  for (const id of workOf(input.uploadId)) if (id !== prepared.uploadId) await store.discard(id)
  return { fileId: prepared.uploadId, received: prepared.received, verdict: prepared.verdict, formats: prepared.formats }
}

/** The image's data as it lies in its stores, read once and checked: what is damaged does not spread. */
async function copyToStaging(cloud: Cloud, image: Selectable<ImageRow>, uploadId: string): Promise<Outcome> {
  const { store, stores } = cloud.image
  const size = image.size ?? 0
  const locations = await activeLocations(cloud.database.read, image.id)
  await store.begin(uploadId)
  try {
    const body = size ? await readLocations(stores, cloud.log, locations, 0, size - 1) : Readable.from([])
    const received = await receive(body as AsyncIterable<Buffer>, store.incoming(uploadId), size)
    if (received.sha512 !== image.os_hash_value) throw new SourceFault('The data of the image is damaged.')
    return { fileId: uploadId, received, verdict: { virtualSize: image.virtual_size, fault: image.content_fault } }
  } catch (error) {
    await store.discard(uploadId)
    throw error instanceof NoData ? new SourceFault('The data of the image cannot be read.') : error
  }
}

async function download(
  cloud: Cloud,
  { id, uri }: ImportInput,
  image: { id: string; owner_id: string },
  path: string,
  end: AbortSignal,
): Promise<Received> {
  const limit = await room(cloud, image) // what others have brought while this one waited for its turn is taken
  const late = AbortSignal.timeout(cloud.config.importTime * 1000)
  try {
    const body = await openSource(uri!, cloud.config, AbortSignal.any([end, late]))
    try {
      if (Number(body.headers['content-length'] ?? 0) > limit) throw tooLargeImage(limit)
      return await receive(withinRoom(cloud, image, id, body), path, limit, 'ours')
    } finally {
      body.destroy()
    }
  } catch (error) {
    if (late.aborted) throw new SourceFault(`The download took longer than ${cloud.config.importTime} seconds.`)
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET' || code === 'ABORT_ERR' || code?.startsWith('HPE_'))
      throw new SourceFault('The source broke off the download.')
    throw error
  }
}
