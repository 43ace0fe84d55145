import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../api/operation.ts'
import { tryDeclaredFaults } from '../../testing/declared-faults.ts'
import { buildStage, requestFor } from '../../testing/identity/personas.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { identity } from './index.ts'
import { mayDo } from './security-09-personas-table.ts'

test('every operation refuses rows that are not there, and bodies and queries that its schemas do not take', async (t) => {
  await using cloud = await testCloud()
  const [stage, old] = [await buildStage(cloud), await buildStage(cloud, 'default')]
  const at = (operation: Operation) => (operation.majors?.[0] === 'v2.0' ? old : stage)
  const { wrong, asked } = await tryDeclaredFaults({
    url: `${cloud.url}/identity`,
    operations: identity.operations.filter((operation) => operation.policy),
    mayDo,
    token: (name, operation) => at(operation).token(name),
    requestFor: (operation, fresh) => requestFor(at(operation), operation, fresh),
    otherwise: [
      // There are groups and options that may not be set, and all others are among those.
      [/^domain-config\..*: no such /, [403, 404]],
      // Who may is told by the body.
      [/^trusts\.create/, [400, 403]],
      // Whoever the path names, as upstream: what is listed is of nobody, and what has an id is found by that, for those who may see it.
      [/^(application-credentials|ec2-credentials)\..*: no such user_id/, [200, 204, 404]],
      [/^(access-rules|access-tokens(-of-extension)?)\.list: no such user_id/, [200]],
      [/^v2\.OS-KS(EC2|S3)\.by-type: no such type/, [200]],
    ],
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 100), [])
})
