// An import as a durable task: transfer (a job outside of transactions), then the image becomes active, all or nothing.
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { QuotaExceeded } from '../../../quota/quota.ts'
import { type StepContext, type TaskDeclaration, TaskFailure, Wait } from '../../../tasks/task.ts'
import { change } from '../images/store.ts'
import { bytes } from '../quotas.ts'
import type { ImageTaskRow } from '../tables.ts'
import { storeId } from './discovery.ts'
import { type ImportInput, importKey, type Outcome } from './jobs.ts'

type Context = StepContext<Cloud>
/** Finished tasks can be looked at for so long. */
const keptMs = 48 * 3600_000

const now = ({ environment }: Context) => new Date(environment.clock.now()).toISOString()

const note = (db: Db, id: string, values: Partial<Pick<ImageTaskRow, 'status' | 'result' | 'expires_at' | 'updated_at' | 'message'>>) =>
  db.updateTable('image_tasks').set(values).where('id', '=', id).execute()

/** Notes on the image which stores get its data, and which did not: clients wait for that. */
export async function mark(db: Db, imageId: string, importing: string, failed: string): Promise<void> {
  const rows = [
    { image_id: imageId, name: 'os_glance_importing_to_stores', value: importing },
    { image_id: imageId, name: 'os_glance_failed_import', value: failed },
  ]
  await db
    .insertInto('image_properties')
    .values(rows)
    .onConflict((c) => c.columns(['image_id', 'name']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })))
    .execute()
}

export const importTask: TaskDeclaration<ImportInput, Cloud> = {
  kind: 'image.import',
  lock: ({ imageId }) => `image:${imageId}`,
  steps: {
    transfer: {
      timeout: 8 * 86_400,
      async run(input, context): Promise<Outcome> {
        const { image } = context.cloud
        const job = image.imports.get(input.id)
        if (job?.state === 'failed') throw new TaskFailure(job.message)
        if (job?.state === 'done') return job.outcome
        await note(context.db, input.id, { status: 'processing', updated_at: now(context) })
        context.afterCommit(() => image.imports.begin(input))
        throw new Wait(importKey(input.id))
      },
      async undo(input, context) {
        const { cloud, db } = context
        const { store, imports } = cloud.image
        await imports.forget(input.id)
        await store.discard(input.uploadId)
        if (await findImage(db, input.imageId)) await mark(db, input.imageId, '', storeId)
        if (input.method === 'copy-image') return change(db, input.imageId, now(context))
        const held = await holder(db, input)
        // Removed before the image can be uploaded to again; ids of deleted images are never used again.
        if (held || !(await findImage(db, input.imageId))) await store.remove(input.imageId)
        if (!held) return
        await change(db, input.imageId, now(context), { status: 'queued', upload_id: null, staged_bytes: null })
      },
    },
    activate: {
      async run(input, context) {
        const { db, cloud } = context
        const { received, verdict } = (context.results.transfer as { value: Outcome }).value
        if (input.method === 'copy-image') {
          // There is one store, and the image is in it: what is left to do is to see that its data is whole.
          const image = await findImage(db, input.imageId)
          if (image?.os_hash_value !== received.sha512) throw new TaskFailure('The data of the image is damaged.')
          return
        }
        const held = await holder(db, input)
        if (!held) throw new TaskFailure('The image was deleted.')
        try {
          await cloud.quota.take(context, held.owner_id, { [bytes]: received.size })
        } catch (error) {
          if (error instanceof QuotaExceeded) throw new TaskFailure(error.message)
          throw error
        }
        await change(db, input.imageId, now(context), {
          status: 'active',
          size: received.size,
          virtual_size: verdict.virtualSize,
          content_fault: verdict.fault,
          checksum: received.md5,
          os_hash_algo: 'sha512',
          os_hash_value: received.sha512,
          upload_id: null,
          staged_bytes: null,
        })
      },
    },
  },
  async done(input, context) {
    const { db, cloud, environment, afterCommit } = context
    const expires_at = new Date(environment.clock.now() + keptMs).toISOString()
    if (await findImage(db, input.imageId)) {
      await mark(db, input.imageId, '', '')
      await change(db, input.imageId, now(context))
    }
    await note(db, input.id, { status: 'success', result: { image_id: input.imageId }, expires_at, updated_at: now(context) })
    afterCommit(() => void cloud.image.imports.forget(input.id))
  },
  async failed(input, context) {
    const expires_at = new Date(context.environment.clock.now() + keptMs).toISOString()
    const message = context.error ?? 'The import failed.'
    await note(context.db, input.id, { status: 'failure', message, expires_at, updated_at: now(context) })
  },
}

const findImage = (db: Db, id: string) => db.selectFrom('images').selectAll().where('id', '=', id).executeTakeFirst()

/** The image's row while this import still has it. */
const holder = (db: Db, { imageId, uploadId }: ImportInput) =>
  db.selectFrom('images').selectAll().where('id', '=', imageId).where('upload_id', '=', uploadId).executeTakeFirst()
