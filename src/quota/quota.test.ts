import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../testing/test-cloud.ts'
import { createQuota, QuotaExceeded } from './quota.ts'

const defaults = { 'disks.gigabytes': 100, 'disks.gigabytes_*': -1, 'disks.gigabytes_fast*': 5, 'disks.volumes': 3 }

test('names made at run time have the limit that is declared for what they begin with', async () => {
  await using cloud = await testCloud()
  const { database } = cloud.cloud
  const quota = createQuota(defaults)
  const { read } = database
  assert.equal(await quota.limit(read, 'p', 'disks.gigabytes_slow'), -1)
  assert.equal(await quota.limit(read, 'p', 'disks.gigabytes_fast-ssd'), 5)
  for (const none of ['disks.gigabytes_', 'disks.shares']) {
    await assert.rejects(quota.limit(read, 'p', none), /no quota is named/, none)
    await assert.rejects(
      database.write((tx) => quota.take(tx, 'p', { [none]: 1 })),
      /no quota is named/,
      none,
    )
  }
  await database.write((tx) => quota.take(tx, 'p', { 'disks.gigabytes': 7, 'disks.gigabytes_slow': 7 }))
  await database.write((tx) => quota.setLimits(tx, 'p', { 'disks.gigabytes_slow': 10 }))
  await assert.rejects(
    database.write((tx) => quota.take(tx, 'p', { 'disks.gigabytes': 4, 'disks.gigabytes_slow': 4 })),
    QuotaExceeded,
  )
  assert.deepEqual(await quota.show(read, 'p', 'disks.'), {
    gigabytes: { limit: 100, in_use: 7 },
    volumes: { limit: 3, in_use: 0 },
    gigabytes_slow: { limit: 10, in_use: 7 },
  })
})

test("a user's limit holds beside the project's, and what the user has counts for both", async () => {
  await using cloud = await testCloud()
  const { database } = cloud.cloud
  const { read } = database
  const quota = createQuota(defaults)
  const ada = { project: 'p', user: 'ada' }
  const volumes = async (who: Parameters<typeof quota.show>[1]) => (await quota.show(read, who, 'disks.')).volumes
  const take = (who: Parameters<typeof quota.take>[1]) => database.write((tx) => quota.take(tx, who, { 'disks.volumes': 1 }))
  await take(ada)
  await database.write((tx) => quota.setLimits(tx, ada, { 'disks.volumes': 1 }))
  await assert.rejects(take(ada), QuotaExceeded)
  assert.deepEqual(await volumes('p'), { limit: 3, in_use: 1 }, 'what was refused is counted nowhere')
  await take({ project: 'p', user: 'bob' })
  assert.deepEqual(await volumes(ada), { limit: 1, in_use: 1 })
  assert.deepEqual(await volumes({ project: 'p', user: 'bob' }), { limit: 3, in_use: 1 }, "the project's where there is no own one")
  await take('p')
  await assert.rejects(take({ project: 'p', user: 'eve' }), QuotaExceeded)
  await database.write((tx) => quota.count(tx, ada, { 'disks.volumes': -1 }))
  await database.write((tx) => quota.clearLimits(tx, ada, 'disks.'))
  assert.deepEqual([(await volumes('p'))!.in_use, await volumes(ada)], [2, { limit: 3, in_use: 0 }])
  assert.deepEqual(await quota.projects(read, 'disks.'), [])
  const results = await Promise.allSettled([1, 2, 3].map(() => take(ada)))
  assert.deepEqual(results.filter(({ status }) => status === 'fulfilled').length, 1, 'the last unit is taken once')
})
