// An import as a durable task: transfer (a job outside of transactions), then the image becomes active, all or nothing.
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { QuotaExceeded } from '../../../quota/quota.ts'
import { type StepContext, TaskFailure, task, Wait } from '../../../tasks/task.ts'
import { tellImage } from '../events.ts'
import { activate, release } from '../images/locations.ts'
import { moveImage } from '../images/machine.ts'
import { change } from '../images/store.ts'
import { bytes } from '../quotas.ts'
import type { ImageTaskRow } from '../tables.ts'
import { ImportInput, type ImportStep, importKey, type Outcome, transfer } from './jobs.ts'
import { mark, setSome } from './mark.ts'
import { type Placed, placeIn } from './place.ts'
import { workOf } from './prepare.ts'

type Context = StepContext<Cloud>
/** Finished tasks can be looked at for so long. */
const keptMs = 48 * 3600_000

const now = ({ environment }: Context) => new Date(environment.clock.now()).toISOString()

const note = (db: Db, id: string, values: Partial<Pick<ImageTaskRow, 'status' | 'result' | 'expires_at' | 'updated_at' | 'message'>>) =>
  db.updateTable('image_tasks').set(values).where('id', '=', id).execute()

export const importTask = task('image.import', { input: ImportInput, locks: ({ imageId }) => [`image:${imageId}`] })
  .step('transfer', {
    timeout: 8 * 86_400,
    async run(input, context): Promise<Outcome> {
      const { cloud, db } = context
      const job = cloud.image.imports.get<Outcome>(input, 'transfer')
      if (!job) await note(db, input.id, { status: 'processing', updated_at: now(context) })
      const { outcome, fault } = work(context, input, 'transfer', (end) => transfer(cloud, input, end))
      if (!outcome) throw new TaskFailure(fault)
      return outcome
    },
    async undo(input, context) {
      const { cloud, db } = context
      const { imports, scrubber } = cloud.image
      if (imports.isBusy(input.id)) {
        context.afterCommit(() => imports.end(input.id))
        throw new Wait(importKey(input.id))
      }
      imports.forget(input.id)
      await discardFiles(input, context)
      await release(db, input.imageId, now(context), { uploadId: input.uploadId })
      context.afterCommit(scrubber.kick)
      if (await findImage(db, input.imageId)) await mark(db, input.imageId, '', storesOf(input, cloud).join(','))
      if (input.method === 'copy-image') return change(db, input.imageId, now(context))
      if (!(await holder(db, input))) return
      await moveImage(context, input.imageId, 'importFailed', now(context), { upload_id: null, staged_bytes: null })
    },
  })
  .step('place', {
    timeout: 8 * 86_400,
    async run(input, context): Promise<Placed> {
      const { cloud } = context
      const { fileId, received } = context.results.transfer
      const stores = storesOf(input, cloud)
      const copies = input.method === 'copy-image'
      const mustSucceed = input.allMustSucceed ?? true
      const file = { fileId, size: received.size }
      // An image that need not be everywhere is there with the first store that has it; a copied one is there already.
      const options = {
        mustSucceed,
        needsOne: true,
        failed: [],
        stopAtFirst: !mustSucceed && !copies,
        state: copies && !mustSucceed ? 'active' : 'written',
      } as const
      const { outcome, fault } = work(context, input, 'place', (end) => placeIn(cloud, input, file, stores, options, end))
      if (!outcome) throw new TaskFailure(fault)
      return outcome
    },
  })
  .step('activate', {
    async run(input, context) {
      const { db, cloud } = context
      const { received, verdict, formats } = context.results.transfer
      if (input.method === 'copy-image') {
        await change(db, input.imageId, now(context))
        return void (await activate(db, input.imageId, input.uploadId, received.size))
      }
      const held = await holder(db, input)
      if (!held) throw new TaskFailure('The image was deleted.')
      await activate(db, input.imageId, input.uploadId, received.size)
      try {
        await cloud.quota.take(context, held.owner_id, { [bytes]: received.size })
      } catch (error) {
        if (error instanceof QuotaExceeded) throw new TaskFailure(error.message)
        throw error
      }
      const isActive = await moveImage(context, input.imageId, 'imported', now(context), {
        size: received.size,
        virtual_size: verdict.virtualSize,
        content_fault: verdict.fault,
        checksum: received.md5,
        os_hash_algo: 'sha512',
        os_hash_value: received.sha512,
        upload_id: null,
        staged_bytes: null,
        ...formats,
      })
      if (!isActive) throw new TaskFailure('The image is imported no more.')
      await setSome(db, input.imageId, input.inject ?? {})
      await tellImage(cloud, context, 'activated', { ...held, size: received.size })
    },
  })
  // The image is there: what fails from here on is told, and takes nothing back.
  .step('spread', {
    timeout: 8 * 86_400,
    late: 'go-on',
    async run(input, context): Promise<Placed> {
      const { cloud } = context
      const before = context.results.place
      if (!before.left.length) return before
      const { fileId, received } = context.results.transfer
      const file = { fileId, size: received.size }
      const options = { mustSucceed: false, needsOne: false, failed: before.failed, stopAtFirst: false, state: 'active' } as const
      const { outcome, fault } = work(context, input, 'spread', (end) => placeIn(cloud, input, file, before.left, options, end))
      if (!outcome) cloud.log.error({ image: input.imageId, error: fault }, 'image data did not come to all stores')
      return outcome ?? { left: [], failed: [...before.failed, ...before.left] }
    },
  })
  .ends({
    async done(input, context) {
      const { db, cloud, environment, afterCommit } = context
      const expires_at = new Date(environment.clock.now() + keptMs).toISOString()
      if (await findImage(db, input.imageId)) {
        const { place, spread } = context.results
        // A spread that took too long has no result.
        const failed = spread?.failed ?? [...place.failed, ...place.left]
        await mark(db, input.imageId, '', failed.join(','))
        await change(db, input.imageId, now(context))
      }
      await note(db, input.id, { status: 'success', result: { image_id: input.imageId }, expires_at, updated_at: now(context) })
      afterCommit(() => {
        cloud.image.imports.forget(input.id)
        discardFiles(input, context).catch(() => {}) // else at the next start
      })
    },
    async failed(input, context) {
      const expires_at = new Date(context.environment.clock.now() + keptMs).toISOString()
      const message = context.error ?? 'The import failed.'
      await note(context.db, input.id, { status: 'failure', message, expires_at, updated_at: now(context) })
    },
  })

const storesOf = ({ stores }: ImportInput, { image }: Cloud) => stores ?? [image.stores.default.id]

async function discardFiles({ uploadId }: ImportInput, { cloud }: Context): Promise<void> {
  for (const id of [uploadId, ...workOf(uploadId)]) await cloud.image.store.discard(id)
}

/** What the job of a step has come to; begins it when there is none. Throws Wait while it goes on. */
function work<T>(
  context: Context,
  input: ImportInput,
  step: ImportStep,
  begin: (end: AbortSignal) => Promise<T>,
): { outcome?: T; fault: string } {
  const { imports } = context.cloud.image
  const job = imports.get<T>(input, step)
  if (job?.state === 'done') return { outcome: job.outcome, fault: '' }
  if (job?.state === 'failed') return { fault: job.message }
  context.afterCommit(() => imports.begin(input, step, begin))
  throw new Wait(importKey(input.id))
}

const findImage = (db: Db, id: string) => db.selectFrom('images').selectAll().where('id', '=', id).executeTakeFirst()

/** The image's row while this import still has it. */
const holder = (db: Db, { imageId, uploadId }: ImportInput) =>
  db.selectFrom('images').selectAll().where('id', '=', imageId).where('upload_id', '=', uploadId).executeTakeFirst()
