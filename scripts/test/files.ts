// Which test files there are, and what each needs: nothing, a database, root, or a guest.
import { existsSync, globSync, readFileSync } from 'node:fs'
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
  return { unit, host, guest, store: unit.filter((path) => reachesStore(join(root, path))) }
}

/** Whether the file touches the store itself, or by what the tests of a service share. */
function reachesStore(path: string): boolean {
  const source = readFileSync(path, 'utf8')
  const shared = [...source.matchAll(/ from '([./]+(?:testing|test-[a-z-]+)\.ts)'/g)].map((match) => join(dirname(path), match[1]!))
  return touchesStore(source) || shared.some((one) => existsSync(one) && reachesStore(one))
}

/** A test reaches the database through the testing kit only; two files of that know nothing of one. */
export const touchesStore = (source: string): boolean =>
  /^(import|\} from) .*'[./]+\/(?:src\/)?testing\/(?!until\.|free-port\.)/m.test(source)
