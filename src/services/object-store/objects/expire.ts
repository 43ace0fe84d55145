// Objects with X-Delete-At: they are not found any more at once, and here they go.
import type { Cloud } from '../../../cloud.ts'
import { lockContainer } from '../containers/store.ts'
import { noteChange } from '../sync/queue.ts'
import { nextTimestamp } from '../timestamps.ts'
import { expired, expiredObjects, findObject, removeObject } from './store.ts'

const batch = 200

/** Removes all objects whose time is over. */
export async function expireObjects(cloud: Cloud): Promise<void> {
  for (;;) {
    const due = await expiredObjects(cloud, batch)
    for (const { container_id, name } of due) {
      await cloud.database.write(async (tx) => {
        const row = await findObject(tx.db, container_id, name)
        // Replaced or kept longer since it was listed.
        if (!row || !expired(cloud, row)) return
        const container = await lockContainer(tx, cloud, container_id)
        await noteChange(tx, container, name, nextTimestamp(cloud.environment.clock))
        await removeObject(tx, cloud, container, row)
      })
    }
    if (due.length < batch) return
  }
}
