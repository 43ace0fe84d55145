// Runs test files with node:test, a process each, shows what fails, and counts.
import { relative } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { seconds } from '../progress.mjs'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

interface Outcome extends Counts {
  /** Those with a failure. */
  failedFiles: string[]
}

const slowMs = 20_000

// More than that is no chance but a fault.
const mostUnsteadyFiles = 2

export interface Suite {
  name: string
  root: string
  files: string[]
  /** Files side by side. */
  concurrency: number
  /** Milliseconds that one file may take. */
  timeout: number
}

/**
 * Runs all files of `suite` in the present environment. A file that cannot be loaded counts as one failure. One or two files that
 * fail are run once more, alone: a test that passes then is told as UNSTEADY, which is a fault to be mended, but not one of the change.
 */
export async function runSuite(suite: Suite): Promise<Counts> {
  const first = await runOnce(suite)
  const { failedFiles } = first
  if (failedFiles.length === 0 || failedFiles.length > mostUnsteadyFiles || suite.files.length <= mostUnsteadyFiles) return first
  const names = failedFiles.map((file) => relative(suite.root, file))
  const again = await runOnce({ ...suite, name: `${suite.name}, once more and alone`, files: names, concurrency: 1 })
  for (const [i, file] of failedFiles.entries()) {
    if (!again.failedFiles.includes(file)) process.stdout.write(`  UNSTEADY ${names[i]}\n`)
  }
  // A test that failed alone too counts once; all others of those files had passed before.
  return { passed: first.passed + first.failed - again.failed, failed: again.failed, skipped: first.skipped }
}

async function runOnce({ name, root, files, concurrency, timeout }: Suite): Promise<Outcome> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  if (files.length === 0) return { ...counts, failedFiles: [] }
  const begin = Date.now()
  process.stdout.write(`${name}: ${files.length} files\n`)
  // A test that fails half-way may leave a listener open: its file ends all the same.
  const stream = run({ files: files.map((file) => `${root}/${file}`), concurrency, timeout, cwd: root, forceExit: true })
  // A file is itself reported as a test (nesting 0, named by its path): only when it fails alone does it count.
  const isFile = (event: { name: string; nesting: number }) => event.nesting === 0 && event.name.startsWith(root)
  const failedInside = new Set<string>()
  const slow: string[] = []
  const timed = (event: { name: string; nesting: number; details: { duration_ms: number } }) => {
    const { duration_ms: ms } = event.details
    if (isFile(event) && ms > slowMs) slow.push(`${relative(root, event.name)} ${seconds(ms)}`)
  }
  stream.on('test:pass', (event) => {
    timed(event)
    if (isFile(event) || event.details.type === 'suite') return
    if (event.skip !== undefined || event.todo !== undefined) counts.skipped++
    else counts.passed++
    if (typeof event.skip === 'string') process.stdout.write(`  skipped: ${event.name}: ${event.skip}\n`)
  })
  stream.on('test:fail', (event) => {
    const { file = '', name: test } = event
    const cause: unknown = event.details.error.cause ?? event.details.error
    if ((event.details.error as { failureType?: string }).failureType === 'subtestsFailed') return
    if (isFile(event) && failedInside.has(file)) return
    if (event.todo !== undefined) return void counts.skipped++
    counts.failed++
    failedInside.add(file)
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause)
    process.stdout.write(`  FAILED ${relative(root, file)}${isFile(event) ? '' : `: ${test}`}\n${text.replace(/^/gm, '      ')}\n`)
  })
  stream.on('test:stderr', (event) => process.stderr.write(event.message))
  for await (const _ of stream); // runs it to its end
  if (slow.length) process.stdout.write(`  slow: ${slow.join(', ')}\n`)
  process.stdout.write(
    `${name}: ${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''} (${seconds(Date.now() - begin)})\n`,
  )
  return { ...counts, failedFiles: [...failedInside] }
}

export const sumUp = (parts: Counts[]): Counts =>
  parts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), {
    passed: 0,
    failed: 0,
    skipped: 0,
  })

/** The closing line: `N passed, N failed`, and what was skipped. */
export const closingLine = (c: Counts): string => `${c.passed} passed, ${c.failed} failed${c.skipped ? `, ${c.skipped} skipped` : ''}`
