// npm run check: types, lint and format, rules between folders, file length, stale generated files. Ends with one line.
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { boundaryFaults, lengthFault } from './check/boundaries.ts'
import { circleFaults } from './check/circles.ts'
import { detachedFaults } from './check/detached.ts'
import { fileNameFaults } from './check/file-names.ts'
import { roleFaults } from './check/roles.ts'
import { seconds } from './progress.mjs'

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const sources = globSync(['{src,migrations,scripts,bench,guest-image}/**/*.{ts,mts,mjs}'], { cwd: root }).filter(
  (path) => !path.endsWith('.generated.ts'),
)

/** Faults of a program's run: all that it printed, as lines; none when it ended with 0. */
function program(path: string, args: string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0 ? [] : output.trim().split('\n')))
  })
}

function perFile(faults: (path: string, source: string) => string[]): string[] {
  return sources.flatMap((path) => faults(path, readFileSync(join(root, path), 'utf8')))
}

const checks: Record<string, () => Promise<string[]>> = {
  types: () => program(bin('tsc'), ['-p', '.', '--pretty', 'false']),
  'lint and format': () => program(bin('biome'), ['check', '--error-on-warnings', '--diagnostic-level=warn']),
  boundaries: async () => perFile(boundaryFaults),
  circles: async () => circleFaults(new Map(sources.map((path) => [path, readFileSync(join(root, path), 'utf8')]))),
  'detached promises': async () => perFile(detachedFaults),
  'roles and rules': async () => perFile(roleFaults),
  'names of files': async () => {
    const files = new Set(globSync(['*', '.ci/*', '{src,docs,migrations,scripts,bench,guest-image,openapi,bin,data}/**/*'], { cwd: root }))
    const documents = [...globSync(['*.md', 'docs/**/*.md', 'bench/*.md'], { cwd: root })].filter((path) => path !== 'CHANGELOG.md')
    return [...sources, ...documents].flatMap((path) => fileNameFaults(path, readFileSync(join(root, path), 'utf8'), files))
  },
  'file length': async () => perFile(lengthFault),
  // In a process of its own, since a declaration that does not load is a fault of this check, not its end.
  'generated files': () =>
    program(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/generate.ts'), '--check']),
}

const results = await Promise.all(
  Object.entries(checks).map(async ([name, check]) => {
    const begin = Date.now()
    const faults = await check()
    return { name, faults, took: Date.now() - begin }
  }),
)
for (const { name, faults, took } of results) {
  console.log(`${faults.length === 0 ? '✓' : '✗'} ${name} (${seconds(took)})`)
  for (const fault of faults) console.log(`    ${fault}`)
}
const failed = results.filter((result) => result.faults.length > 0).length
console.log(`${results.length - failed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
