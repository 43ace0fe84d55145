import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { cutSchema, cutValue, isVersioned, since, until, versionNumber } from './versions.ts'

const schema = Type.Object({ name: Type.String(), tags: since('2.26', Type.Array(Type.String())), old: until('2.10', Type.String()) })

test('versions compare by number, not by text', () => {
  assert.ok(versionNumber('2.10') > versionNumber('2.9'))
  for (const bad of ['2', '2.', 'v2.1', '2.1.1', '-1.0', '']) assert.ok(Number.isNaN(versionNumber(bad)), bad)
})

test('a field is in the schema and in the answer only in its versions', () => {
  assert.ok(isVersioned(schema))
  const names = (version: string) => Object.keys(cutSchema(schema, versionNumber(version)).properties)
  assert.deepEqual(names('2.1'), ['name', 'old'])
  assert.deepEqual(names('2.11'), ['name'])
  assert.deepEqual(names('2.26'), ['name', 'tags'])
  assert.deepEqual(cutSchema(schema, versionNumber('2.26')).required, ['name', 'tags'])
  assert.deepEqual(cutValue(schema, { name: 'a', tags: [], old: 'x', more: 1 }, versionNumber('2.12')), { name: 'a', more: 1 })
})
