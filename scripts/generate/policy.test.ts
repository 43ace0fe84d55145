import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { rule } from '../../src/auth/policy.ts'
import { services } from '../../src/services/index.ts'
import { policySample } from './policy.ts'

test('the sample holds every rule once, and means what is in force when its comments are taken off', () => {
  const text = policySample(services).replace(/^#"/gm, '"')
  const sample = parse(text) as Record<string, string>
  const rules = services.flatMap((s) => [...s.operations.flatMap((o) => o.policy ?? []), ...(s.moreRules ?? [])])
  const base = services.flatMap((s) => Object.entries(s.baseRules).map(([name, check]) => ({ name, check })))
  // Two services may mean different things by one name; the sample then shows one and mentions the other.
  const checks = (name: string) => [...base, ...rules].filter((r) => r.name === name).map((r) => r.check)
  for (const { name } of [...base, ...rules]) assert.ok(checks(name).includes(sample[name]!), name)
})

test('rules are found by name in the sample when several operations share one', () => {
  const shared = rule('thing:get', 'role:reader', 'See a thing.')
  const operations = ['/things', '/things/{thing_id}'].map((path) => ({
    ...services[0]!.operations[0]!,
    path,
    method: 'GET' as const,
    policy: shared,
    action: undefined,
  }))
  const text = policySample([{ ...services[0]!, baseRules: {}, moreRules: [], operations }])
  assert.equal(text.split('"thing:get"').length, 2)
  assert.match(text, /# {3}GET \/things\n# {3}GET \/things\/\{thing_id\}\n#"thing:get": "role:reader"/)
})
