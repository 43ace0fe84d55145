import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { rule } from '../auth/policy.ts'
import { openapiDocument } from './openapi.ts'
import { operation } from './operation.ts'
import { service } from './service.ts'
import { Closed } from './types.ts'

const shared = { catalog: [], policy: rule('thing:do', 'role:member', 'Do a thing.'), handle: async () => ({}) }
const resize = Closed({ resize: Closed({ size: Type.Integer() }) })
const things = service({
  name: 'things',
  description: 'Things',
  ports: [1234],
  faults: { render: ({ status }) => ({ type: 'application/json', text: `{"thingFault":{"code":${status}}}` }) },
  majors: [{ id: 'v1' }, { id: 'v2', min: '2.1', max: '2.9' }],
  projectInPath: false,
  catalog: [],
  baseRules: {},
  operations: [
    operation({
      ...shared,
      id: 'things.show',
      method: 'GET',
      path: '/things/{thing_id}',
      summary: 'Show',
      query: Closed({ all: Type.Optional(Type.Boolean()) }),
      answer: Type.Object({ id: Type.String() }),
    }),
    operation({
      ...shared,
      id: 'things.resize',
      method: 'POST',
      path: '/things/{thing_id}/action',
      action: 'resize',
      summary: 'Resize',
      body: resize,
      status: 202,
      majors: ['v2'],
      since: '2.3',
      allowed: ['ready'],
    }),
    operation({
      ...shared,
      id: 'things.stop',
      method: 'POST',
      path: '/things/{thing_id}/action',
      action: 'stop',
      summary: 'Stop',
      body: Closed({ stop: Type.Null() }),
      status: 202,
      majors: ['v2'],
    }),
    operation({ ...shared, id: 'versions', method: 'GET', path: '/', summary: 'Version', auth: 'none', policy: null, majors: ['v1'] }),
  ],
})
// biome-ignore lint/suspicious/noExplicitAny: a document is looked into
const document = (index: number): any => openapiDocument(things, things.majors[index]!)

test('a document holds the operations of its major version only', () => {
  assert.deepEqual(Object.keys(document(0).paths), ['/v1', '/v1/things/{thing_id}'])
  assert.deepEqual(Object.keys(document(1).paths), ['/v2/things/{thing_id}', '/v2/things/{thing_id}/action'])
})

test('parameters, answer and implied faults come from the declaration', () => {
  const show = document(0).paths['/v1/things/{thing_id}'].get
  assert.deepEqual(
    show.parameters.map((p: { name: string; in: string }) => `${p.in} ${p.name}`),
    ['path thing_id', 'query all'],
  )
  assert.deepEqual(Object.keys(show.responses), ['200', '400', '401', '403', '404'])
  assert.equal(show.responses[200].content['application/json'].schema.properties.id.type, 'string')
  assert.equal(show['x-openstack'].policy, 'thing:do')
  assert.deepEqual(document(0).paths['/v1'].get.security, [])
})

test('actions share a path and are told apart by name and microversion', () => {
  const { post } = document(1).paths['/v2/things/{thing_id}/action']
  const bodies = post.requestBody.content['application/json'].schema.anyOf
  assert.deepEqual(
    bodies.map((b: { title: string }) => b.title),
    ['resize', 'stop'],
  )
  assert.deepEqual(bodies[0]['x-openstack'], { 'action-name': 'resize', 'min-ver': '2.3' })
  assert.deepEqual(post['x-openstack'].operations[0]['allowed-states'], ['ready'])
  assert.ok('409' in post.responses && '202' in post.responses)
})

test('the envelope of the service is in the document', () => {
  const content = document(0).components.responses.Fault.content
  assert.equal(content['application/json'].example.thingFault.code, 404)
})
