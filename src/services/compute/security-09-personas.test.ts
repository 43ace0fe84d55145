// Who may do what: every kind of asker against every operation of compute, by a table that is kept apart from the rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildStage, type Stage } from '../../testing/compute/personas.ts'
import { isRefusal, type Matrix, order, tryPersonas } from '../../testing/persona-matrix.ts'
import { admins, personas, readers, strangers } from '../../testing/personas.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { compute } from './index.ts'
import { findNothing, mayDo } from './security-09-personas-table.ts'

const matrix = (cloud: TestCloud, stage: Stage): Matrix => ({
  url: cloud.url,
  operations: compute.operations.filter((operation) => operation.policy),
  personas,
  mayDo,
  token: stage.token,
  requestFor: stage.requestFor,
  isRefused: isRefusal,
  fault({ status, text }, operation, name) {
    if (order(operation) === 0 && status >= 300 && !findNothing.test(operation.id)) return 'nothing was found'
    const leaked = status < 300 && !readers.includes(name) && stage.secrets.find((id) => text.includes(id))
    return leaked ? `it shows ${leaked}` : null
  },
})

test('every persona against every operation', async (t) => {
  await using cloud = await testCloud()
  const { wrong, asked } = await tryPersonas(matrix(cloud, await buildStage(cloud)))
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 20), [])
})

test('a rule that lets in more, or fewer, than the table says is noticed', async () => {
  const policy = { 'os_compute_api:servers:update': 'rule:project_reader_or_admin', 'os_compute_api:servers:index': 'role:admin' }
  await using cloud = await testCloud({ policy })
  const all = matrix(cloud, await buildStage(cloud))
  const operations = all.operations.filter(({ id }) => ['servers.update', 'servers.list', 'servers.show'].includes(id))
  const { wrong } = await tryPersonas({ ...all, operations })
  assert.deepEqual(
    [...new Set(wrong.map((sentence) => sentence.replace(/ (GET|PUT) .*/s, '')))].sort(),
    [
      ...[...readers, ...strangers].filter((name) => !admins.includes(name)).map((name) => `servers.list: ${name}`),
      'servers.update: reader of the project',
    ].sort(),
  )
})
