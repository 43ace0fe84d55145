// After a start no transfer runs: the tasks that wait for one look, and begin it again.
import type { Cloud } from '../../../cloud.ts'
import { importKey } from './jobs.ts'

/** Idempotent; called before tasks run. */
export async function resumeImports(cloud: Cloud): Promise<void> {
  const open = await cloud.database.read.selectFrom('image_tasks').select('id').where('status', 'in', ['pending', 'processing']).execute()
  if (!open.length) return
  await cloud.database.write(async (tx) => {
    for (const { id } of open) await cloud.tasks.wake(tx, importKey(id))
  })
}
