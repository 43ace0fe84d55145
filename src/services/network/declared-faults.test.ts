import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tryDeclaredFaults } from '../../testing/declared-faults.ts'
import { buildStage } from '../../testing/network/personas.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { network } from './index.ts'
import { mayDo } from './security-09-personas-table.ts'

test('every operation refuses rows that are not there, and bodies and queries that its schemas do not take', async (t) => {
  await using cloud = await testCloud()
  const stage = await buildStage(cloud)
  const { wrong, asked } = await tryDeclaredFaults({
    url: cloud.url,
    operations: network.operations.filter((operation) => operation.policy),
    mayDo,
    token: stage.token,
    requestFor: stage.requestFor,
    // Quotas are of any project: those of one that is not known here are the defaults.
    otherwise: [[/^quotas\.(show|default|details): no such project_id/, [200]]],
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 40), [])
})
