import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Comparison, type ReferenceOperation, referenceOperations, shapeDifferences, withoutReference } from './examples.ts'

test('shapes differ by missing names and other types, and by nothing else', () => {
  const example = { user: { id: 'a', enabled: true, links: { self: 'x' }, email: null, roles: [{ id: '1', name: 'n' }] } }
  const user = { id: 'b', enabled: false, links: { self: 'y' }, email: 'e', roles: [{ id: '2', name: 'm', more: 1 }], extra: 1 }
  assert.deepEqual(shapeDifferences(example, { user }), [])
  assert.deepEqual(shapeDifferences(example, { user: { ...user, enabled: 'true', links: null, roles: [{ id: 1 }, { id: 2 }] } }), [
    { path: 'user.enabled', what: 'string instead of boolean' },
    { path: 'user.roles[].id', what: 'number instead of string' },
    { path: 'user.roles[].name', what: 'missing' },
  ])
  assert.deepEqual(shapeDifferences({ users: [{ id: 'a' }] }, { users: [] }), [{ path: 'users', what: 'empty' }])
  assert.deepEqual(shapeDifferences([{ a: 1 }, { b: 1 }], [{ b: 2 }, { a: 2 }]), [])
})

test('deviations need to be listed, and those that are listed need to be there', () => {
  const operation = { id: 'x.y', section: '1.1', codes: [200], responses: [] as never[] } as unknown as ReferenceOperation
  const listed = new Comparison({ 'x.y': { status: 'why', 'links*': 'why' } })
  listed.add(operation, { status: 201, body: {} }, { links: { self: '' } })
  listed.end()
  assert.throws(() => new Comparison({ 'x.y': { status: 'why' } }).end(), /there is none/)
  const open = new Comparison()
  open.add(operation, { status: 201, body: {} }, { a: 1 })
  assert.throws(() => open.end(), /201 instead of 200[\s\S]*missing/)
  assert.deepEqual(open.missing([operation, { ...operation, id: 'x.z' }]), ['x.z'])
})

test('the reference gives operations with their examples', { skip: withoutReference }, () => {
  const users = referenceOperations('identity-v3.users')
  const create = users.find(({ id }) => id === 'identity-v3.users.create-user')!
  assert.deepEqual([create.method, create.path, create.codes], ['POST', '/v3/users', [201]])
  assert.ok(create.requests[0]!.value.user)
  assert.ok(referenceOperations('network-v2.0').some(({ responses }) => responses.some(({ format }) => format === 'xml')))
  assert.deepEqual(referenceOperations('nothing'), [])
})
