// The image of a fresh cloud: the small guest for everybody, so that the first server needs no upload.
import { createReadStream, existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { Cloud } from '../../../cloud.ts'
import { judge } from '../data/judge.ts'
import { receive } from '../data/receive.ts'
import { claim, finish, giveUp } from '../data/uploads.ts'
import { count } from '../quotas.ts'
import { fill } from '../stores/place.ts'

export const guestImageName = 'nephos-guest-x86_64-disk'

/** Makes it public in the project `admin`; where that fails the cloud starts without it. A host that is made up needs no system inside. */
export async function makeGuestImage(cloud: Cloud): Promise<void> {
  const { config, environment, database, image, log } = cloud
  const real = config.host === 'linux'
  if (!config.demo || (real && !existsSync(config.guestImage))) return
  const now = new Date(environment.clock.now()).toISOString()
  const [id, uploadId] = [environment.uuid(), environment.uuid()]
  const admin = await database.read
    .selectFrom('identity_projects')
    .select('id')
    .where('name', '=', 'admin')
    .where('domain_id', '=', 'default')
    .executeTakeFirst()
  if (!admin) return
  const none = {
    size: null,
    virtual_size: null,
    checksum: null,
    os_hash_algo: null,
    os_hash_value: null,
    content_fault: null,
    upload_id: null,
  }
  const disk_format = real ? 'qcow2' : 'raw'
  await database.write(async (tx) => {
    await cloud.quota.take(tx, admin.id, { [count]: 1 })
    await tx.db
      .insertInto('images')
      .values({
        ...none,
        id,
        name: guestImageName,
        owner_id: admin.id,
        status: 'queued',
        visibility: 'public',
        container_format: 'bare',
        disk_format,
        created_at: now,
        updated_at: now,
      })
      .execute()
  })
  await image.store.begin(uploadId)
  try {
    const { location } = await claim(cloud, id, uploadId, image.stores.default.id)
    const source = real ? createReadStream(config.guestImage) : Readable.from([Buffer.alloc(2 ** 20)])
    const received = await receive(source, image.store.incoming(uploadId), config.maxImageBytes)
    const verdict = await judge(image.store.incoming(uploadId), disk_format, 'bare', config.maxImageBytes * 16)
    await fill(cloud, location!, uploadId, received.size)
    await finish(cloud, id, location!, received, verdict)
  } catch (error) {
    await giveUp(cloud, id, uploadId)
    log.warn({ image: guestImageName, error: (error as Error).message }, 'the guest image could not be made; upload one')
  } finally {
    await image.store.discard(uploadId)
  }
}
