import assert from 'node:assert/strict'
import { test } from 'node:test'
import { touchesStore } from './files.ts'

test('a test that uses the testing kit runs on both databases, from whatever folder it names it', () => {
  for (const kit of ['./testing/make.ts', '../../testing/test-cloud.ts', '../src/testing/database.ts'])
    assert.ok(touchesStore(`import { test } from 'node:test'\nimport { x } from '${kit}'\n`), kit)
  for (const other of ['../testing/until.ts', '../src/testing/free-port.ts', '../compute/testing.ts', '../src/untesting/x.ts'])
    assert.ok(!touchesStore(`import { x } from '${other}'\n`), other)
})
