// The rules between folders, read from the imports of every file. A rule that a linter could state is in biome.json instead.
import { posix } from 'node:path'

export interface Import {
  /** As written. */
  from: string
  /** Path in the repository when it is a file of ours, else the package's name. */
  target: string
  typeOnly: boolean
  line: number
}

const statement =
  /^(?:import|export)\s+(type\s+)?((?:[\w*$]+(?:\s+as\s+[\w$]+)?\s*,?\s*)?(?:\{[^}]*\})?)\s*(?:from\s*)?'([^']+)'|\bimport\('([^']+)'\)/gm

/** The imports of a file, static and dynamic. */
export function importsOf(path: string, source: string): Import[] {
  return [...source.matchAll(statement)].map((match) => {
    const from = (match[3] ?? match[4])!
    const names =
      /\{([^}]*)\}/
        .exec(match[2] ?? '')?.[1]
        ?.split(',')
        .map((name) => name.trim())
        .filter(Boolean) ?? []
    const onlyTypes = names.length > 0 && /^\{/.test(match[2]!) && names.every((name) => name.startsWith('type '))
    const target = from.startsWith('.') ? posix.join(posix.dirname(path), from) : from
    return { from, target, typeOnly: Boolean(match[1]) || onlyTypes, line: source.slice(0, match.index).split('\n').length }
  })
}

const isTest = (path: string) => path.endsWith('.test.ts') || path.startsWith('src/testing/')
const service = (path: string) => /^src\/services\/([^/]+)\//.exec(path)?.[1]
/** Where SQL may be written: stores, the parts of the core that are about rows, and plain resources that are one file of their service. */
// A service's queries stay in its folder: those that are used more than once in a store.ts, the others where they are used.
const sqlHomes =
  /^(migrations|src\/(db|tasks|events|quota|auth|services))\/|^src\/(api\/list|host\/store|metrics-server)\.ts$|^bench\/[\w-]+-fill\.ts$/
const sql = /\.(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\(/
const programs = /^(src\/(host\/commands|cli)|scripts|bench|guest-image)\//

/** What tests expect, and stands beside them: tables of personas, differences from official descriptions. */
const isExpected = (path: string) => /(^|\/)(differences|security-[^/]+-table)\.ts$/.test(path)
/** What tests share by its name. */
const isTestKit = (path: string) => /^src\/(?!testing\/).*(^|\/)(testing|test-[^/]+)\.ts$/.test(path)

/** What is wrong with one file: `path:line: sentence`. */
export function boundaryFaults(path: string, source: string): string[] {
  const faults: string[] = []
  const fault = (line: number, sentence: string) => faults.push(`${path}:${line}: ${sentence}`)
  if (isTestKit(path)) fault(1, 'what tests share is in src/testing, in the folder of its service')
  if (isTest(path)) return faults
  for (const { target, typeOnly, line } of importsOf(path, source)) {
    if (path.startsWith('src/host/') && target.startsWith('src/services/')) fault(line, 'the host imports no service')
    if (path.startsWith('src/host/') && target.startsWith('src/api/')) fault(line, 'the host does not know the API')
    if (path.startsWith('src/api/') && target.startsWith('src/services/')) fault(line, 'the API knows no service')
    const [mine, other] = [service(path), service(target)]
    if (mine && other && mine !== other && !typeOnly)
      fault(line, `${mine} imports ${other}: use its facade through the context (types may be imported)`)
    if (/^(node:)?child_process$/.test(target) && !typeOnly && !programs.test(path))
      fault(line, 'programs are started by src/host/commands only')
    if (target === 'kysely' && !typeOnly && !sqlHomes.test(path)) fault(line, 'SQL is written in the services and the store only')
    if (target.startsWith('src/testing/') && !isExpected(path) && !typeOnly)
      fault(line, 'the testing kit is for tests (types may be imported)')
    if (target.startsWith('scripts/') && path.startsWith('src/')) fault(line, 'the program does not import scripts')
  }
  if (!sqlHomes.test(path)) {
    const lines = source.split('\n')
    for (const [i, text] of lines.entries()) if (sql.test(text)) fault(i + 1, 'SQL is written in the services and the store only')
  }
  return faults
}

export const longest = 400

/** A sentence when a file is longer than `longest` lines. */
export function lengthFault(path: string, source: string): string[] {
  const lines = source.split('\n').length - 1
  return lines > longest ? [`${path}: ${lines} lines, at most ${longest}: cut it by operation, not by layer`] : []
}
