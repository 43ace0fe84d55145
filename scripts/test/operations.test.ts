import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceDeclaration } from '../../src/api/service.ts'
import { operationFaults, triedByNow, triedOf, untriedOf } from './operations.ts'

const policy = { name: 'rule' }
const service = {
  name: 'boats',
  operations: [
    { id: 'boats.show', path: '/boats/{boat_id}', policy },
    { id: 'boats.list', path: '/boats', policy },
    { id: 'versions.list', path: '/', policy: null },
  ],
  tasks: [{ kind: 'boats.sink' }],
} as unknown as ServiceDeclaration

const tried = (text: string) => untriedOf([service], triedOf(text.split(/ *\n */)))

test('what no test tries is told: a success, a refusal, the personas and the crashes', () => {
  assert.deepEqual(tried(''), {
    success: ['boats boats.show', 'boats boats.list', 'boats versions.list'],
    // A list without parameters refuses nothing but by who asks, and a list of versions nobody.
    fault: ['boats boats.show'],
    personas: ['boats boats.show', 'boats boats.list'],
    crashes: ['boats boats.sink'],
  })
  const all = `test boats boats.show 200
    test boats boats.show 404
    test boats boats.list 200
    test boats versions.list 300
    personas boats boats.show 403
    personas boats boats.list 200
    crashes boats.sink`
  assert.deepEqual(tried(all), { success: [], fault: [], personas: [], crashes: [] })
})

test('an answer to a persona or to dice, a missing token and an error of ours are no trial', () => {
  const { success, fault } = tried(`personas boats boats.show 200
    dice boats boats.show 200
    dice boats boats.show 404
    test boats boats.show 401
    test boats boats.show 500`)
  assert.ok(success.includes('boats boats.show'))
  assert.ok(fault.includes('boats boats.show'))
})

test('what is known as untried is no fault until it is tried', () => {
  const known = { success: { 'boats boats.show': 'no harbour here' }, fault: {}, personas: {}, crashes: {} }
  const untried = { success: ['boats boats.show', 'boats boats.list'], fault: [], personas: [], crashes: [] }
  assert.deepEqual(operationFaults(untried, known), ['boats boats.list: no test sees it succeed'])
  assert.deepEqual(triedByNow({ ...untried, success: [] }, known), ['boats boats.show (success)'])
})
