import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Log, silentLog } from './log.ts'
import { testCloud } from './testing/test-cloud.ts'

test('a rule of the operator that nothing asks is told, with what he may have meant', async () => {
  const told: string[] = []
  const log: Log = { ...silentLog, warn: (_fields, text) => void told.push(text) }
  await using _ = await testCloud({
    log,
    policy: {
      'identity:list_users': 'rule:mine or role:admin',
      mine: 'role:mine',
      'os_compute_api:servers:creat': 'role:admin',
    },
  })
  const warned = told.filter((text) => text.includes('policy file'))
  assert.equal(warned.length, 1)
  assert.match(warned[0]!, /^The rule os_compute_api:servers:creat .* nothing asks it\. Did you mean os_compute_api:servers:create\?$/)
})
