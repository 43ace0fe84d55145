// Which test files there are, and what each needs: nothing, a database, root, or a guest.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface TestFiles {
  /** In process, without root. */
  unit: string[]
  /** Those of `unit` that touch the store: they run on both databases. */
  store: string[]
  host: string[]
  guest: string[]
}

const patterns = ['src/**/*.test.ts', 'migrations/**/*.test.ts', 'scripts/**/*.test.ts', 'guest-image/**/*.test.ts', 'bench/**/*.test.ts']

/** Files under `root` whose path holds one of `wanted` (all when empty), as paths relative to it. */
export function findTestFiles(root: string, wanted: readonly string[] = []): TestFiles {
  const chosen = (path: string) => wanted.length === 0 || wanted.some((part) => path.includes(part.replace(/^\.\//, '')))
  const all = globSync(patterns, { cwd: root }).filter(chosen).sort()
  const guest = all.filter((path) => path.endsWith('.guest.test.ts'))
  const host = all.filter((path) => path.endsWith('.host.test.ts'))
  const unit = all.filter((path) => !guest.includes(path) && !host.includes(path))
  return { unit, host, guest, store: unit.filter((path) => reachesStore(path, (file) => readFileSync(join(root, file), 'utf8'))) }
}

/** Files of the testing kit that open a database. */
const storeKits = /^src\/testing\/(database|with-database|test-cloud|cloud-process)\.ts$/

/** Whether the file opens a database, by itself (as the environment names it) or by a part of the testing kit. */
export function reachesStore(path: string, read: (path: string) => string, seen: Set<string> = new Set()): boolean {
  if (storeKits.test(path)) return true
  if (seen.has(path)) return false
  seen.add(path)
  const source = read(path)
  if (source.includes('NEPHOS_TEST_DB')) return true
  const kits = [...source.matchAll(/^(?:import(?! type)|\} from) .*'(\.[^']*)'/gm)].map((match) => join(dirname(path), match[1]!))
  return kits.some((kit) => kit.startsWith('src/testing/') && reachesStore(kit, read, seen))
}
