import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryDeclaredFaults } from '../../testing/declared-faults.ts'
import { buildStage } from '../../testing/image/personas.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { image } from './index.ts'
import { mayDo } from './security-09-personas-table.ts'

test('every operation refuses rows that are not there, and bodies and queries that its schemas do not take', async (t) => {
  await using cloud = await testCloud()
  const stage = await buildStage(cloud)
  const { wrong, asked } = await tryDeclaredFaults({
    url: cloud.url,
    operations: image.operations.filter((operation) => operation.policy),
    mayDo,
    token: stage.token,
    requestFor: stage.requestFor,
    otherwise: [
      [/^stores\.delete_image: no such store_id/, [409]],
      // Whoever has no images in common with somebody gets a list of none.
      [/^v1\.shared_images\.list: no such owner_id/, [200]],
    ],
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 40), [])
})
