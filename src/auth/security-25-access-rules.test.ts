// Patterns of access rules are written by any user, and matched at each of his requests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPermitted } from './access-rules.ts'

test('security-25: no pattern of a rule takes long, whatever the path', () => {
  const patterns = [`/v1${'/**'.repeat(38)}/zzz`, `${'/**/*'.repeat(24)}/zzz`, `${'/**/a'.repeat(24)}/zzz`, `/v1/${'*a'.repeat(60)}b`]
  const rules = patterns.flatMap((path) => Array.from({ length: 25 }, () => ({ id: 'r', user_id: 'u', service: 's', method: 'GET', path })))
  const started = process.cpuUsage()
  for (const path of [`/v1${'/a'.repeat(60)}`, `/v1${'/a'.repeat(1024)}`, `/v1${'/a'.repeat(16_000)}`, `/v1/${'a'.repeat(1024)}`])
    assert.equal(isPermitted(rules, ['s'], 'GET', path), false)
  const { user } = process.cpuUsage(started)
  assert.ok(user < 1_000_000, `${user} µs`)
})
