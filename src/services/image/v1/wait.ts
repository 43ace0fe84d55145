// Version 1 registers an image at an address and calls it active at once: the answer waits until its data is here.
import { badRequest } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'

const pauseMs = 25
/** Longer downloads go on in the background. */
const maxMs = 60_000

/** Resolves when the import of the image has ended, or takes long. Throws 400 with the reason when it failed. */
export async function imported(cloud: Cloud, imageId: string): Promise<void> {
  const { clock } = cloud.environment
  for (const until = clock.now() + maxMs; clock.now() < until; ) {
    const task = await cloud.database.read
      .selectFrom('image_tasks')
      .select(['status', 'message'])
      .where('image_id', '=', imageId)
      .orderBy('created_at', 'desc')
      .executeTakeFirst()
    if (task?.status === 'failure') throw badRequest(task.message)
    if (task?.status === 'success') return
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
