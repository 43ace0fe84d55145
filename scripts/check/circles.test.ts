import assert from 'node:assert/strict'
import { test } from 'node:test'
import { circleFaults } from './circles.ts'

const at = (service: string) => `src/services/${service}`
const circle = (line: string): [string, string][] => [
  [at('a/ports/make.ts'), "import { x } from '../networks/store.ts'"],
  [at('a/networks/store.ts'), ''],
  [at('a/networks/delete.ts'), line],
  [at('b/ports/make.ts'), "import { y } from '../../a/networks/store.ts'"],
]
const faults = (line: string, allowed: string[] = []) => circleFaults(new Map(circle(line)), allowed)

test('folders that import each other are a circle, wherever it is closed', () => {
  const found = faults("\nimport { makePort } from '../ports/make.ts'")
  assert.equal(found.length, 1)
  assert.match(
    found[0]!,
    /^src\/services\/a\/(ports\/make.ts:1|networks\/delete.ts:2): closes a circle of src\/services\/a\/networks, src\/services\/a\/ports/,
  )
  assert.equal(faults("const { makePort } = await import('../ports/make.ts')").length, 1)
})

test('a circle over three, and over files that lie in the service itself, is one', () => {
  const files: [string, string][] = [
    [at('a/index.ts'), "import './x/one.ts'"],
    [at('a/x/one.ts'), "export * from '../y/two.ts'"],
    [at('a/y/two.ts'), "import { service } from '../index.ts'"],
    [at('a/z/three.ts'), "import '../y/two.ts'"],
  ]
  assert.match(circleFaults(new Map(files), [])[0]!, /a\/index.ts, src\/services\/a\/x, src\/services\/a\/y/)
})

test('types, tests and other services make none', () => {
  for (const line of ["import type { Port } from '../ports/make.ts'", "import { z } from '../../b/ports/make.ts'", ''])
    assert.deepEqual(faults(line), [], line)
  const test = new Map([...circle(''), [at('a/networks/delete.test.ts'), "import { makePort } from '../ports/make.ts'"] as const])
  assert.deepEqual(circleFaults(test, []), [])
})

test('the list of those that are left gets shorter only', () => {
  const allowed = ['services/a/networks', 'services/a/ports']
  assert.deepEqual(faults("import { makePort } from '../ports/make.ts'", allowed), [])
  assert.match(faults('', allowed)[0]!, /is in no circle any more/)
  assert.equal(faults("import { makePort } from '../ports/make.ts'", ['services/a/ports']).length, 1)
})
