import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { rule } from '../auth/policy.ts'
import { services } from '../services/index.ts'
import { checkDeclarations } from './declared.ts'
import { type Operation, operation } from './operation.ts'
import { service } from './service.ts'
import { since } from './versions.ts'

const show = operation({
  id: 'things.show',
  method: 'GET',
  path: '/things/{thing_id}',
  summary: 'Show a thing',
  catalog: [],
  policy: rule('thing:show', 'rule:owner', 'Show a thing.'),
  handle: async () => ({}),
})
const of = (...operations: Operation[]) =>
  service({
    name: 'things',
    description: 'Things',
    ports: [1],
    faults: { render: () => ({ type: 'application/json', text: '{}' }) },
    majors: [{ id: 'v1' }, { id: 'v2', min: '2.0', max: '2.9' }],
    projectInPath: false,
    catalog: [],
    baseRules: { owner: 'project_id:%(project_id)s' },
    operations,
  })
const thing = { name: 'thing', param: 'thing_id', load: async () => undefined, target: () => ({}), missing: () => '' }

test('what every service declares holds', () => {
  for (const one of services) checkDeclarations(one, services)
  checkDeclarations(of(show))
})

test('a declaration that names what is not there does not start', () => {
  const wrong: [Partial<Operation>, RegExp][] = [
    [{ majors: ['v3'] }, /things.show is declared for v3/],
    [{ since: '3.1' }, /has no version '3.1'/],
    [{ status: { first: 200, '1.7': 201 } }, /has no version '1.7'/],
    [{ answer: Type.Object({ a: since('v7', Type.String()) }) }, /has no version 'v7'/],
    [{ body: Type.Object({ a: Type.Array(since('2,1', Type.String())) }) }, /has no version '2,1'/],
    [{ catalog: ['compute-v2.1.nothing'] }, /no reference has/],
    [{ policy: rule('thing:show', 'rule:admin or rule:owner', '') }, /asks admin, which is none/],
    [{ on: thing, event: 'start' }, /states of what has none/],
    [{ quota: { 'things.number': 1 } }, /takes things.number of a quota, which is none/],
    [{ on: thing, locked: 'refused' }, /lock of what has none/],
    [{ on: { ...thing, param: 'other_id' } }, /is not in its path/],
  ]
  for (const [part, message] of wrong) assert.throws(() => checkDeclarations(of({ ...show, ...part })), message)
  assert.throws(() => checkDeclarations(of(show, show)), /has the id of another one/)
})
