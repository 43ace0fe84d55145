import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { operation } from '../api/operation.ts'
import { type ServiceDeclaration, service } from '../api/service.ts'
import { Nullable } from '../api/types.ts'
import { since, until } from '../api/versions.ts'
import { fieldsOf, officialFaults } from './official.ts'

const show = operation({
  id: 'things.show',
  method: 'GET',
  path: '/things/{thing_id}',
  summary: 'Show a thing',
  catalog: [],
  policy: null,
  query: Type.Object({ all: Type.Optional(Type.String()) }),
  answer: Type.Object({
    thing: Type.Object({
      id: Type.String(),
      tags: Type.Array(Type.String()),
      parts: Nullable(Type.Array(Type.Object({ size: Type.Integer() }))),
      metadata: Type.Record(Type.String(), Type.String()),
      host: since('2.3', Type.String()),
      zone: until('2.5', Type.Object({ name: Type.String() })),
    }),
  }),
  async handle() {},
})
const things = service({ name: 'things', majors: [{ id: 'v2' }], operations: [show] } as unknown as ServiceDeclaration)
const fields = ['thing.host since 2.3', 'thing.id', 'thing.metadata.*', 'thing.parts[].size', 'thing.tags', 'thing.zone.name until 2.5']

test('the fields of a schema are the paths to its leaves, with the versions that not all have', () => {
  assert.deepEqual(fieldsOf([show], 'answer'), fields)
  assert.deepEqual(fieldsOf([show, show], 'answer'), fields)
  assert.deepEqual(fieldsOf([show], 'query'), ['all'])
  assert.deepEqual(fieldsOf([show], 'body'), [])
})

test('what differs is told, what is listed with its reason is not, and what is listed and does not differ is', () => {
  const key = 'GET /v2/things/{thing_id}'
  const theirs = ['thing.created_at', 'thing.host since 2.2', 'thing.id', 'thing.metadata.colour', 'thing.parts[].size', 'thing.tags']
  const faults = officialFaults(things, { [key]: { answer: theirs } }, [])
  assert.deepEqual(faults, [
    `${key}: answer: missing: thing.created_at`,
    `${key}: answer: missing: thing.host since 2.2`,
    `${key}: answer: more: thing.host since 2.3`,
    `${key}: answer: more: thing.metadata.*`,
    `${key}: answer: more: thing.zone.name until 2.5`,
  ])
  const listed = { operations: 'GET *', part: 'answer', reason: 'for this test' } as const
  const all = { ...listed, missing: ['thing.host*', '*.created_at'], more: ['thing.host since 2.3', 'thing.metadata.*', 'thing.zone*'] }
  assert.deepEqual(officialFaults(things, { [key]: { answer: theirs } }, [all]), [])
  assert.deepEqual(officialFaults(things, { [key]: { answer: fields }, 'GET /v2/others': {} }, [{ ...listed, missing: ['thing.x'] }]), [
    'GET /v2/others: there is no such operation',
    'GET *: answer: missing: thing.x is listed and does not differ',
  ])
})
