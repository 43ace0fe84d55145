import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryFromWrongStates, tryTwoAtOnce } from '../../../testing/machine.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import type { ImageStatus } from '../tables.ts'
import { imageMachine, moveImage } from './machine.ts'

const status: ImageStatus[] = ['queued', 'saving', 'uploading', 'importing', 'active', 'deactivated', 'pending_delete']

test('of two that do the same with an image at once, one does', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { body } = await member.post('/image/v2/images', { name: 'a', disk_format: 'raw', container_format: 'bare' }, 201)
  const trial = { database: cloud.cloud.database, machine: imageMachine as never, id: body.id }
  assert.ok((await tryTwoAtOnce(trial)) > 10)
  await tryFromWrongStates(trial, { status })
  const row = () => cloud.cloud.database.read.selectFrom('images').selectAll().where('id', '=', body.id).executeTakeFirstOrThrow()
  const { revision } = await row()
  const now = new Date(0).toISOString()
  await cloud.cloud.database.write((tx) => moveImage(tx, body.id, 'deleteLater', now, { upload_id: 'u' }))
  assert.equal((await row()).revision, revision, 'what does not happen changes nothing')
  await cloud.cloud.database.write(({ db }) =>
    db
      .updateTable('images')
      .set({ status: 'queued' } as never)
      .execute(),
  )
  assert.equal(await cloud.cloud.database.write((tx) => moveImage(tx, body.id, 'upload', now, { upload_id: 'u' })), true)
  const { status: is, upload_id, revision: later } = await row()
  assert.deepEqual([is, upload_id, later], ['saving', 'u', revision + 1])
})
