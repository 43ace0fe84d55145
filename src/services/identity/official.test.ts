import assert from 'node:assert/strict'
import { test } from 'node:test'
import { officialFaults } from '../../testing/official.ts'
import { differences } from './differences.ts'
import { identity } from './index.ts'
import official from './official.json' with { type: 'json' }

test('v3 is as its official description has it, but for what is listed', () => {
  assert.deepEqual(officialFaults(identity, official, differences), [])
})
