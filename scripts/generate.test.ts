import assert from 'node:assert/strict'
import { test } from 'node:test'
import { staleFiles } from './generate.ts'

test('no generated file is stale', async () => {
  assert.deepEqual(await staleFiles(), [], 'run npm run generate')
})
