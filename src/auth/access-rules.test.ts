import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPermitted, matchesPath } from './access-rules.ts'

const table: [pattern: string, path: string, matches: boolean][] = [
  ['/v2.1/servers', '/v2.1/servers', true],
  ['/v2.1/servers', '/v2.1/servers/', true],
  ['/v2.1/servers', '/v2.1/servers/1', false],
  ['/v2.1/servers/*', '/v2.1/servers/1', true],
  ['/v2.1/servers/*', '/v2.1/servers', false],
  ['/v2.1/servers/*', '/v2.1/servers/1/ips', false],
  ['/v2.1/servers/*/ips', '/v2.1/servers/1/ips', true],
  ['/v2.1/servers/{id}/ips', '/v2.1/servers/1/ips', true],
  ['/v2.1/**', '/v2.1/servers/1/ips', true],
  ['/v2.1/**', '/v2.1', false],
  ['/v2.1/**/ips', '/v2.1/servers/1/ips', true],
  ['/v2.1/**/ips', '/v2.1/servers/1/ipsx', false],
  ['/v2.1/**/ips', '/v2.1/ips', true],
  ['/v2.1/**/ips/**', '/v2.1/ips/ips', true],
  ['/v2.1/**/ips/**', '/v2.1/1/ips', false],
  ['/**/**', '/', false],
  ['/**/a/**/a', '/a/b/a', true],
  ['/**/a/**/a', '/b/a', false],
  ['/v2.1/ser*s', '/v2.1/servers', true],
  ['/v2.1/ser*s', '/v2.1/sers', true],
  ['/v2.1/a*a', '/v2.1/a', false],
  ['/v2.1/(a+)+$', '/v2.1/aaaa', false],
]
for (const [pattern, path, matches] of table)
  test(`${pattern} ${matches ? 'covers' : 'does not cover'} ${path}`, () => assert.equal(matchesPath(pattern, path), matches))

test('service, method and path must all be those of one rule', () => {
  const rule = { id: 'r', user_id: 'u', service: 'compute', method: 'GET', path: '/v2.1/servers' }
  assert.ok(isPermitted([rule], ['compute'], 'GET', '/v2.1/servers'))
  assert.ok(!isPermitted([rule], ['network'], 'GET', '/v2.1/servers'))
  assert.ok(!isPermitted([rule], ['compute'], 'POST', '/v2.1/servers'))
  assert.ok(!isPermitted([], ['compute'], 'GET', '/v2.1/servers'))
})
