import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

test('of 200 parallel creates at one below the quota exactly one wins', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const projectId = await member.projectId()
  const { quota, database } = cloud.cloud
  await database.write((tx) => quota.setLimits(tx, projectId, { 'image.image_count_total': 3 }))
  const first = (await member.post('/image/v2/images', {}, 201)).body
  await member.post('/image/v2/images', {}, 201)
  const answers = await Promise.all(Array.from({ length: 200 }, () => member.post('/image/v2/images', {})))
  assert.equal(answers.filter(({ status }) => status === 201).length, 1)
  assert.equal(answers.filter(({ status }) => status === 413).length, 199)
  assert.equal((await member.get('/image/v2/images')).body.images.length, 3)
  await member.delete(`/image/v2/images/${first.id}`)
  await member.post('/image/v2/images', {}, 201)
})

test('of parallel creates with the same id one wins, and a deleted id is never given again', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const other = await cloud.as('member', 'project-2')
  const id = '12345678-1234-4234-8234-123456789abc'
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? member : other).post('/image/v2/images', { id, visibility: 'private' })),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(19).fill(409)])
  const owner = answers.findIndex(({ status }) => status === 201) % 2 ? member : other
  await owner.delete(`/image/v2/images/${id}`)
  for (const persona of [member, other, cloud.admin]) await persona.post('/image/v2/images', { id }, 409)
})
