// npm test [-- [--unit | --host | --guest] [part of a path ...]]: unit and API tests on both databases, then, as root, tests with real
// namespaces and real guests. Installs what they need. Ends with one line that sums up.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { hostPrograms } from '../src/cli/host-programs.ts'
import { ensurePrograms } from './host/apt.ts'
import { findTestFiles } from './test/files.ts'
import { recordTests, tellUntried } from './test/operations.ts'
import { findPostgres, postgresPrograms, startPostgres } from './test/postgres.ts'
import { type Counts, closingLine, runSuite, sumUp } from './test/suite.ts'

const root = join(import.meta.dirname, '..')
const args = process.argv.slice(2)
const only = (['unit', 'host', 'guest'] as const).filter((part) => args.includes(`--${part}`))
const wants = (part: (typeof only)[number]) => only.length === 0 || only.includes(part)
const files = findTestFiles(
  root,
  args.filter((arg) => !arg.startsWith('--')),
)
const isRoot = process.getuid?.() === 0
const concurrency = Math.max(2, availableParallelism())
const results: Counts[] = []
// What one process has compiled, types stripped, the next one reads.
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache/compiled')

// Of a whole run: a part of it does not try everything.
const recorded = args.length === 0 ? recordTests() : null

if (wants('unit')) await unitTests()
if (wants('host')) await rootTests('host', files.host, 600_000)
if (wants('guest')) await rootTests('guest', files.guest, 1_200_000)

if (recorded) results.push(await tellUntried(recorded.read()))
const total = sumUp(results)
console.log(closingLine(total))
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0)

async function unitTests(): Promise<void> {
  const suite = { root, concurrency, groupSize: 8, timeout: 300_000 }
  // Servers that some of these tests talk to; those tests skip themselves where one is missing.
  const missing = await ensurePrograms([{ program: 'slapd', package: 'slapd', use: 'the LDAP directory of the tests' }], true)
  if (missing) console.log(`unit and API tests: ${missing}`)
  process.env.NEPHOS_TEST_DB = 'sqlite'
  results.push(await runSuite({ ...suite, name: 'unit and API tests, SQLite', files: files.unit }))
  if (files.store.length === 0) return
  // Looked for by our own search, as Debian keeps the programs out of PATH.
  if (!findPostgres('initdb') || !findPostgres('postgres')) {
    const lacking = await ensurePrograms(postgresPrograms, true)
    if (!findPostgres('postgres')) return skip(`PostgreSQL tests: ${lacking}`, files.store.length)
  }
  const postgres = await startPostgres()
  try {
    process.env.NEPHOS_TEST_DB = 'postgres'
    process.env.NEPHOS_TEST_DATABASE_URL = postgres.url
    results.push(await runSuite({ ...suite, name: 'unit and API tests, PostgreSQL', files: files.store }))
  } finally {
    delete process.env.NEPHOS_TEST_DATABASE_URL
    process.env.NEPHOS_TEST_DB = 'sqlite'
    await postgres.stop()
  }
}

async function rootTests(name: 'host' | 'guest', chosen: string[], timeout: number): Promise<void> {
  if (chosen.length === 0) return
  if (!isRoot) return skip(`${name} tests: they need root`, chosen.length)
  const lacking = await ensurePrograms(hostPrograms, true)
  if (lacking) console.log(`${name} tests: ${lacking}`)
  results.push(await runSuite({ name: `${name} tests`, root, files: chosen, concurrency: 1, groupSize: 1, timeout }))
}

function skip(what: string, count: number): void {
  console.log(`skipped: ${what}`)
  results.push({ passed: 0, failed: 0, skipped: count })
}
