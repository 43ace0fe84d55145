import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TSchema, Type } from 'typebox'
import { closed, formsOf, since, until, versionLine, versionNumber, was } from './versions.ts'

const line = versionLine({ name: 'things', majors: [{ id: 'v3', min: '3.0', max: '3.71' }, { id: 'v1' }, { id: 'v2' }] })
const at = (version: string) => (version.startsWith('v') ? line.placeOf(version, '') : line.placeOf('v3', version))
const Thing = Type.Object({
  name: was('v1', 'display_name', Type.String()),
  tags: Type.Optional(since('3.26', Type.Array(Type.String()))),
  old: Type.Optional(until('3.10', Type.String())),
  modern: Type.Optional(since('v2', Type.Boolean())),
  parts: Type.Optional(Type.Array(Type.Object({ size: Type.Integer(), unit: Type.Optional(since('3.0', Type.String())) }))),
})

test('versions compare by number, not by text', () => {
  assert.ok(versionNumber('2.10') > versionNumber('2.9'))
  for (const bad of ['2', '2.', 'v2.1', '2.1.1', '-1.0', '']) assert.ok(Number.isNaN(versionNumber(bad)), bad)
})

test('majors and microversions are places on one line', () => {
  const versions = ['v1', 'v2', '3.0', '3.1', '3.9', '3.10', '3.71']
  const places = versions.map(at)
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  )
  assert.ok(line.last('v2') < line.first('3.0') && line.first('v3') <= line.first('3.0') && line.last('v3') > at('3.71'))
  for (const unknown of ['v4', '3', '2.1', '4.0', 'v3.0', '']) assert.throws(() => line.first(unknown), /things has no version/, unknown)
})

test('a field is in the schema and in the answer only in its versions, and by the name that it has there', () => {
  const forms = formsOf(Thing, line)
  const fields = (version: string) => Object.keys((forms.at(at(version)).schema as { properties: object }).properties)
  assert.deepEqual(fields('v1'), ['display_name', 'old', 'parts'])
  assert.deepEqual(fields('v2'), ['name', 'old', 'modern', 'parts'])
  assert.deepEqual(fields('3.11'), ['name', 'modern', 'parts'])
  assert.deepEqual(fields('3.26'), ['name', 'tags', 'modern', 'parts'])
  assert.deepEqual((forms.at(at('v1')).schema as { required: string[] }).required, ['display_name'])
  const shown = (version: string) => {
    const thing = { name: 'a', tags: [], old: 'x', modern: true, parts: [{ size: 1, unit: 'GiB' }, { size: 2 }], more: 1 }
    forms.at(at(version)).cut?.(thing)
    return JSON.parse(JSON.stringify(thing))
  }
  assert.deepEqual(shown('v1'), { display_name: 'a', old: 'x', parts: [{ size: 1 }, { size: 2 }], more: 1 })
  assert.deepEqual(shown('3.12'), { name: 'a', modern: true, parts: [{ size: 1, unit: 'GiB' }, { size: 2 }], more: 1 })
  assert.equal(forms.at(at('3.26')), forms.at(at('3.71')), 'one form for all versions of a range')
})

test('a body comes by the names of its version, and the handler has those of today', () => {
  const forms = formsOf(Type.Object({ thing: Thing, things: Type.Optional(Type.Array(Thing)) }), line)
  const body = { thing: { display_name: 'a', tags: 7 }, things: [{ display_name: 'b' }] }
  const { strip, rename } = forms.at(at('v1'))
  strip!(body)
  rename!(body)
  assert.deepEqual(body, { thing: { name: 'a' }, things: [{ name: 'b' }] })
  strip!({ thing: null, things: 'many' }) // whatever a client sends
  assert.equal(forms.at(at('3.71')).rename, null)
})

test('a schema that names a version that is none is refused', () => {
  const bad: TSchema[] = [since('2.9', Type.String()), until('v9', Type.String()), was('3,1', 'x', Type.String())]
  for (const schema of bad) assert.throws(() => formsOf(Type.Object({ a: schema }), line), /has no version/)
})

test('what an answer is checked against names every field', () => {
  const schema = closed(Type.Object({ a: Type.Object({ b: Type.String() }), free: Type.Record(Type.String(), Type.String()) }))
  assert.equal((schema as { additionalProperties?: boolean }).additionalProperties, false)
  assert.equal((schema.properties.a as { additionalProperties?: boolean }).additionalProperties, false)
  assert.equal((schema.properties.free as { additionalProperties?: boolean }).additionalProperties, undefined)
})
