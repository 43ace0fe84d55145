import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileNameFaults } from './file-names.ts'

// In one piece this file would have a comment that names what is not there.
const slashes = '/'.repeat(2)
const files = new Set([
  'src/services/compute/servers/stop.ts',
  'src/api/pipeline.ts',
  'docs/states.md',
  'CONTRIBUTING.md',
  'scripts/check.ts',
])
const faults = (path: string, source: string) => fileNameFaults(path, source, files)

test('what a document or a comment names and is not there is told with its line', () => {
  assert.deepEqual(faults('AGENTS.md', 'Imitate\n`src/services/compute/servers/power.ts`.'), [
    'AGENTS.md:2: there is no src/services/compute/servers/power.ts',
  ])
  assert.deepEqual(faults('src/api/pipeline.ts', `run() ${slashes} see stages.ts`), ['src/api/pipeline.ts:1: there is no stages.ts'])
  assert.deepEqual(faults('src/api/pipeline.ts', '/**\n * As `../db/wrong.ts` has it.\n */'), [
    'src/api/pipeline.ts:2: there is no ../db/wrong.ts',
  ])
  assert.equal(faults('docs/states.md', 'in docs/gone/ and `src/services/storage`').length, 2)
})

test('what is there may be named by any ending of its path, and by its folder', () => {
  for (const name of [
    'src/services/compute/servers/stop.ts',
    'servers/stop.ts',
    'stop.ts',
    'src/services/compute',
    'docs/states.md',
    'CONTRIBUTING.md',
  ])
    assert.deepEqual(faults('README.md', `See ${name}, or ${name}.`), [], name)
  assert.deepEqual(faults('src/services/compute/servers/stop.ts', "// as '../../../api/pipeline.ts' does"), [])
})

test('patterns, placeholders, code, addresses and files of users are no names', () => {
  for (const text of [
    'src/**/*.ts',
    'src/services/NAME/index.ts',
    '`clouds.yaml`',
    'https://example.com/a/b.md',
    '```\ncat gone.md\n```',
    'openapi/{service}.json',
  ])
    assert.deepEqual(faults('README.md', text), [], text)
  assert.deepEqual(faults('src/api/pipeline.ts', "import { x } from './gone.ts'"), [])
})
