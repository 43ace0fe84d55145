// Who may do what: every kind of asker against every operation of networking, by a table that is kept apart from the rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildStage } from '../../testing/network/personas.ts'
import { isRefusal, order, tryPersonas } from '../../testing/persona-matrix.ts'
import { personas, readers } from '../../testing/personas.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { network } from './index.ts'
import { mayDo } from './security-09-personas-table.ts'

test('every persona against every operation', async (t) => {
  await using cloud = await testCloud()
  const stage = await buildStage(cloud)
  const { wrong, asked } = await tryPersonas({
    url: cloud.url,
    operations: network.operations.filter((operation) => operation.policy),
    personas,
    mayDo,
    token: stage.token,
    requestFor: stage.requestFor,
    // What is asked for in another project's name is a bad request, as upstream.
    isRefused: (answer, operation, name, path) =>
      isRefusal(answer, operation, name, path) || (answer.status === 400 && /requires admin privileges/.test(answer.text)),
    fault({ status, text }, operation, name) {
      if (order(operation) === 0 && status >= 300) return 'nothing was found'
      const leaked = status < 300 && !readers.includes(name) && stage.secrets.find((id) => text.includes(id))
      return leaked ? `it shows ${leaked}` : null
    },
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 20), [])
})
