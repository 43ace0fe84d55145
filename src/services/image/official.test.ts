import assert from 'node:assert/strict'
import { test } from 'node:test'
import { officialFaults } from '../../testing/official.ts'
import { differences } from './differences.ts'
import { image } from './index.ts'
import official from './official.json' with { type: 'json' }

test('fields of answers, bodies and queries are those of the official description, but for what is listed with its reason', () => {
  assert.deepEqual(officialFaults(image, official, differences), [])
})
