import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roleFaults } from './roles.ts'

const path = 'src/services/compute/servers/read.ts'
const refused = [
  'const isAdmin = who.credentials.is_admin',
  'const { is_admin } = who.credentials',
  'const { is_admin, roles } = who.credentials',
  "if (who.roles.some(({ name }) => name === 'admin')) return all",
  "if (roles.includes('service')) return all",
  'const mine = who.credentials.roles',
]
for (const source of refused)
  test(`${source} is refused`, () => {
    const faults = roleFaults(path, `\n${source}`)
    assert.equal(faults.length, 1)
    assert.match(faults[0]!, /read\.ts:2: .*rule/)
  })

const fine: [path: string, source: string][] = [
  [path, "context_is_admin: 'is_admin:True or role:admin'"],
  [path, 'metadata: { is_admin: isAdmin ? 1 : 0, roles: who.roles.map((role) => role.id) }'],
  [path, '// who.credentials.is_admin'],
  [path, 'roles.includes(entry.toLowerCase())'],
  ['src/services/compute/servers/read.test.ts', 'const isAdmin = who.credentials.is_admin'],
  ['src/auth/who.ts', "is_admin: roles.includes('admin'),"],
]
for (const [where, source] of fine) test(`${where}: ${source} is fine`, () => assert.deepEqual(roleFaults(where, source), []))
