import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Official, officialFaults } from '../../testing/official.ts'
import { differences } from './differences.ts'
import { compute } from './index.ts'

test('bodies, answers and queries have the fields of the official description, but for what is listed with its reason', () => {
  const official = JSON.parse(readFileSync(new URL('official.json', import.meta.url), 'utf8')) as Official
  assert.deepEqual(officialFaults(compute, official, differences), [])
})
