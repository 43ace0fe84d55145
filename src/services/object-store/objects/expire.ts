// Objects with X-Delete-At: they are not found any more at once, and here they go.
import type { Cloud } from '../../../cloud.ts'
import { lockContainer } from '../containers/store.ts'
import { expired, expiredObjects, expiredVersions, findObject } from './store.ts'
import { dropVersion, findOldVersion, unlink } from './versions.ts'

const batch = 200
/** They are what gives space back on a full disk. */
const frees = { frees: true }

/** Removes all objects whose time is over; numbered ones stay as versions. */
export async function expireObjects(cloud: Cloud): Promise<void> {
  await expirePresent(cloud)
  await expireVersions(cloud)
}

async function expireVersions(cloud: Cloud): Promise<void> {
  for (;;) {
    const due = await expiredVersions(cloud, batch)
    for (const { container_id, name, version_id } of due) {
      await cloud.database.write(async (tx) => {
        const container = await lockContainer(tx, cloud, container_id)
        const row = await findOldVersion(tx.db, container_id, name, version_id)
        if (row && expired(cloud, row)) await dropVersion(tx, cloud, container, row)
      }, frees)
    }
    if (due.length < batch) return
  }
}

async function expirePresent(cloud: Cloud): Promise<void> {
  for (;;) {
    const due = await expiredObjects(cloud, batch)
    for (const { container_id, name } of due) {
      await cloud.database.write(async (tx) => {
        const container = await lockContainer(tx, cloud, container_id)
        const row = await findObject(tx.db, container_id, name)
        // Replaced or kept longer since it was listed.
        if (!row || !expired(cloud, row)) return
        await unlink(tx, cloud, container, row)
      }, frees)
    }
    if (due.length < batch) return
  }
}
