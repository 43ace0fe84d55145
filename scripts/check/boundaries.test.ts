import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundaryFaults, importsOf, lengthFault } from './boundaries.ts'

const broken: [path: string, source: string, sentence: RegExp][] = [
  ['src/host/agent.ts', "import { x } from '../services/compute/index.ts'", /the host imports no service/],
  ['src/host/agent.ts', "const x = await import('../services/compute/index.ts')", /the host imports no service/],
  ['src/host/agent.ts', "import { x } from '../api/faults.ts'", /does not know the API/],
  ['src/api/router.ts', "import type { x } from '../services/compute/index.ts'", /knows no service/],
  ['src/services/compute/servers/create.ts', "import { bind } from '../../network/facade.ts'", /create.ts:1: compute imports network/],
  [
    'src/services/compute/servers/create.ts',
    "import {\n  type Port,\n  bind,\n} from '../../network/facade.ts'",
    /compute imports network/,
  ],
  ['src/services/compute/servers/create.ts', "\n\nexport * from '../../network/facade.ts'", /:3: compute imports network/],
  ['src/host/guests/apply.ts', "import { spawn } from 'node:child_process'", /programs are started/],
  ['src/cli/status.ts', "import { sql } from 'kysely'", /SQL is written/],
  ['src/cli/status.ts', "\ntx.db.selectFrom('images')", /status.ts:2: SQL/],
  ['src/services/image/test-personas.ts', '', /what tests share is in src\/testing/],
  ['src/services/image/stores/testing.ts', '', /what tests share is in src\/testing/],
  ['src/services/image/images/read.ts', "import { testCloud } from '../../../testing/cloud.ts'", /for tests/],
]
for (const [path, source, sentence] of broken) {
  test(`${path}: ${JSON.stringify(source.slice(0, 60))} is refused`, () => {
    const faults = boundaryFaults(path, source)
    assert.equal(faults.length, 1)
    assert.match(faults[0]!, sentence)
  })
}

const fine: [string, string][] = [
  ['src/services/compute/servers/create.ts', "import type { Port } from '../../network/facade.ts'"],
  ['src/services/compute/servers/create.ts', "import { type Port, type Network } from '../../network/facade.ts'"],
  ['src/services/compute/servers/create.ts', "import { load } from '../flavors/store.ts'"],
  ['src/services/image/images/store.ts', "import { sql } from 'kysely'\ndb.selectFrom('images')"],
  ['src/services/image/tags.ts', "db.selectFrom('images')"],
  ['src/host/commands/exec.ts', "import { spawn } from 'node:child_process'"],
  ['src/host/guests/apply.ts', "import type { ChildProcess } from 'node:child_process'"],
  ['src/services/image/images/read.test.ts', "import { testCloud } from '../../../testing/cloud.ts'"],
]
for (const [path, source] of fine) test(`${path}: ${source.slice(0, 60)} is fine`, () => assert.deepEqual(boundaryFaults(path, source), []))

test('imports keep their line and their target', () => {
  const found = importsOf('src/a/b.ts', "// import x from './no.ts'\nimport x, { type y } from '../c.ts'\nimport './d.ts'\n")
  assert.deepEqual(
    found.map(({ target, typeOnly, line }) => [target, typeOnly, line]),
    [
      ['src/c.ts', false, 2],
      ['src/a/d.ts', false, 3],
    ],
  )
})

test('401 lines are too long', () => {
  assert.deepEqual(lengthFault('a.ts', 'x\n'.repeat(400)), [])
  assert.match(lengthFault('a.ts', 'x\n'.repeat(401))[0]!, /401 lines/)
})
