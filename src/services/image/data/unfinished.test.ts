import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from '../../../db/database.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'
import { abandon } from './unfinished.ts'
import { claim } from './uploads.ts'

test('an upload that the database refuses to end is ended when it takes that again', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
  const status = async () => (await member.get(`/image/v2/images/${id}`)).body.status
  const { database, image, environment } = cloud.cloud
  const uploadId = environment.uuid()
  await image.store.begin(uploadId)
  await claim(cloud.cloud, id, uploadId, 'file')
  // A database that takes no such change, as a full one takes none.
  const sqlite = database.dialect === 'sqlite'
  const refuse = sqlite
    ? "create trigger refuse before update of status on images begin select raise(abort, 'full'); end"
    : "alter table images add constraint refuse check (status <> 'queued') not valid"
  await database.write(({ db }) => ask(db, refuse, []))
  await abandon(cloud.cloud, id, uploadId, new Error('broken off'))
  assert.equal(await status(), 'saving')
  assert.deepEqual([...(await image.store.contents())], [uploadId])
  await database.write(({ db }) => ask(db, sqlite ? 'drop trigger refuse' : 'alter table images drop constraint refuse', []))
  await until('the image is queued', async () => (await status()) === 'queued')
  await until('its file is gone', async () => (await image.store.contents()).size === 0)
})
