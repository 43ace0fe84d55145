// The image of a fresh cloud: the small guest for everybody, so that the first server needs no upload.
import { createReadStream, existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { Cloud } from '../../cloud.ts'
import type { Tx } from '../../db/database.ts'
import { judge } from './data/judge.ts'
import { claim, finish, giveUp } from './data/uploads.ts'
import { count } from './quotas.ts'
import { fill } from './stores/place.ts'
import { receive } from './stores/receive.ts'

export const guestImageName = 'nephos-guest-x86_64-disk'

const isReal = ({ config }: Cloud) => config.host === 'linux'

/** Notes, with the rest of a fresh cloud, that the project `admin` is to have it for everybody. A host that is made up needs no system inside. */
export async function noteGuestImage(cloud: Cloud, tx: Tx, owner_id: string): Promise<void> {
  const { config, environment } = cloud
  if (!config.demo || (isReal(cloud) && !existsSync(config.guestImage))) return
  const now = new Date(environment.clock.now()).toISOString()
  const none = {
    size: null,
    virtual_size: null,
    checksum: null,
    os_hash_algo: null,
    os_hash_value: null,
    content_fault: null,
    upload_id: null,
  }
  await cloud.quota.take(tx, owner_id, { [count]: 1 })
  await tx.db
    .insertInto('images')
    .values({
      ...none,
      id: environment.uuid(),
      name: guestImageName,
      owner_id,
      status: 'queued',
      visibility: 'public',
      container_format: 'bare',
      disk_format: isReal(cloud) ? 'qcow2' : 'raw',
      created_at: now,
      updated_at: now,
    })
    .execute()
}

/** Gives it its data, at the first start or at the next one where that was cut off; where it fails the cloud starts without. */
export async function fillGuestImage(cloud: Cloud, owner_id: string): Promise<void> {
  const { config, environment, database, image, log } = cloud
  const row = await database.read
    .selectFrom('images')
    .select(['id', 'disk_format'])
    .where('name', '=', guestImageName)
    .where('owner_id', '=', owner_id)
    .where('visibility', '=', 'public')
    .where('status', '=', 'queued')
    .executeTakeFirst()
  if (!row || !config.demo || (isReal(cloud) && !existsSync(config.guestImage))) return
  const { id } = row
  const uploadId = environment.uuid()
  await image.store.begin(uploadId)
  try {
    const { location } = await claim(cloud, id, uploadId, image.stores.default.id)
    const source = isReal(cloud) ? createReadStream(config.guestImage) : Readable.from([Buffer.alloc(2 ** 20)])
    const received = await receive(source, image.store.incoming(uploadId), config.maxImageBytes)
    const verdict = await judge(image.store.incoming(uploadId), row.disk_format!, 'bare', config.maxImageBytes * 16)
    await fill(cloud, location!, uploadId, received.size)
    await finish(cloud, id, location!, received, verdict)
  } catch (error) {
    await giveUp(cloud, id, uploadId)
    log.warn({ image: guestImageName, error: (error as Error).message }, 'the guest image could not be made; upload one')
  } finally {
    await image.store.discard(uploadId)
  }
}
