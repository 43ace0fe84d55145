import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildStage } from '../../testing/compute/personas.ts'
import { tryDeclaredFaults } from '../../testing/declared-faults.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { compute } from './index.ts'
import { mayDo } from './security-09-personas-table.ts'

test('every operation refuses rows that are not there, and bodies and queries that its schemas do not take', async (t) => {
  await using cloud = await testCloud()
  const stage = await buildStage(cloud)
  const { wrong, asked } = await tryDeclaredFaults({
    url: cloud.url,
    operations: compute.operations.filter((operation) => operation.policy),
    mayDo,
    token: stage.token,
    requestFor: stage.requestFor,
    // Quotas are of any project: those of one that is not known here are the defaults.
    otherwise: [[/^quota-sets\.(show|defaults|detail|delete): no such id/, [200, 202]]],
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 40), [])
})
