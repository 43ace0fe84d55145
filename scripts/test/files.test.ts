import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachesStore } from './files.ts'

// In one piece this file would be one that opens a database.
const variable = ['NEPHOS', 'TEST', 'DB'].join('_')
const files: Record<string, string> = {
  'src/testing/until.ts': '',
  'src/testing/identity/users.ts': "import type { TestCloud } from '../test-cloud.ts'\n",
  'src/testing/personas.ts': "import { until } from './until.ts'\nimport {\n  x,\n} from './test-cloud.ts'\n",
  'src/testing/tasks.ts': `process.env.${variable}`,
  'src/db/database.ts': '',
}
const reaches = (source: string, path = 'src/services/image/x.test.ts') =>
  reachesStore(path, (file) => (file === path ? source : files[file]!))

test('a test that opens a database by the testing kit runs on both, from whatever folder and by whatever part of it', () => {
  for (const kit of ['testing/test-cloud.ts', 'testing/database.ts', 'testing/personas.ts', 'testing/tasks.ts'])
    assert.ok(reaches(`import { test } from 'node:test'\nimport { x } from '../../${kit}'\n`), kit)
  assert.ok(reaches("import { x } from '../src/testing/with-database.ts'\n", 'migrations/0001.test.ts'))
  assert.ok(reaches(`process.env.${variable}`))
})

test('others run once', () => {
  for (const kit of ['testing/until.ts', 'testing/identity/users.ts', 'db/database.ts'])
    assert.ok(!reaches(`import { x } from '../../${kit}'\n`), kit)
  assert.ok(!reaches("import type { TestCloud } from '../../testing/test-cloud.ts'\n"))
})
