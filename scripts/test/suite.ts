// Runs test files with node:test, several of them in one process after another, shows what fails, and counts.
import { fork } from 'node:child_process'
import { join, relative } from 'node:path'
import { seconds } from '../progress.mjs'
import type { GroupMessage, GroupRequest } from './group.ts'

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
  /** Processes side by side. */
  concurrency: number
  /** Most files that one process runs, one after another: loading and warming up the program takes longer than most files. */
  groupSize: number
  /** Milliseconds that one test may take. */
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
  const again = await runOnce({ ...suite, name: `${suite.name}, once more and alone`, files: failedFiles, concurrency: 1, groupSize: 1 })
  for (const file of failedFiles) {
    if (!again.failedFiles.includes(file)) process.stdout.write(`  UNSTEADY ${file}\n`)
  }
  // A test that failed alone too counts once; all others of those files had passed before.
  return { passed: first.passed + first.failed - again.failed, failed: again.failed, skipped: first.skipped }
}

async function runOnce({ name, root, files, concurrency, groupSize, timeout }: Suite): Promise<Outcome> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  if (files.length === 0) return { ...counts, failedFiles: [] }
  const begin = Date.now()
  process.stdout.write(`${name}: ${files.length} files\n`)
  const failedFiles = new Set<string>()
  const took = new Map<string, number>()
  const fail = (file: string, test: string | null, text: string) => {
    counts.failed++
    failedFiles.add(file)
    process.stdout.write(`  FAILED ${file}${test ? `: ${test}` : ''}\n${text.replace(/^/gm, '      ')}\n`)
  }
  const hear = (message: GroupMessage) => {
    if (message.kind === 'end') return
    const file = relative(root, message.file)
    if (message.kind === 'passed') counts.passed++
    else if (message.kind === 'took') took.set(file, (took.get(file) ?? 0) + message.milliseconds)
    else if (message.kind === 'failed') fail(file, message.test, message.text)
    else {
      counts.skipped++
      if (message.kind === 'skipped' && message.why) process.stdout.write(`  skipped: ${message.test}: ${message.why}\n`)
    }
  }
  const waiting = groupsOf(files, Math.min(groupSize, Math.ceil(files.length / concurrency)))
  const work = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      const why = await runGroup({ files: group.map((file) => join(root, file)), timeout }, root, hear)
      if (why) fail(group[0]!, null, `The process of ${group.join(', ')} ${why}.`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  const slow = [...took].filter(([, ms]) => ms > slowMs).map(([file, ms]) => `${file} ${seconds(ms)}`)
  if (slow.length) process.stdout.write(`  slow: ${slow.join(', ')}\n`)
  process.stdout.write(
    `${name}: ${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''} (${seconds(Date.now() - begin)})\n`,
  )
  return { ...counts, failedFiles: [...failedFiles] }
}

const groupsOf = (files: string[], size: number) =>
  Array.from({ length: Math.ceil(files.length / size) }, (_, i) => files.slice(i * size, (i + 1) * size))

/** Runs one process; resolves with what went wrong when it did not come to its end. */
function runGroup(request: GroupRequest, cwd: string, hear: (message: GroupMessage) => void): Promise<string | null> {
  return new Promise((resolve) => {
    const child = fork(join(import.meta.dirname, 'group.ts'), { cwd, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    let ended = false
    child.on('message', (message: GroupMessage) => {
      ended ||= message.kind === 'end'
      hear(message)
    })
    // node:test itself ends a test that waits too long; this is for one that never waits.
    const limit = setTimeout(() => child.kill('SIGKILL'), request.timeout * (request.files.length + 1))
    child.on('exit', (code, signal) => {
      clearTimeout(limit)
      resolve(ended ? null : `ended before its tests, with ${signal ?? `code ${code}`}`)
    })
    child.send(request)
  })
}

export const sumUp = (parts: Counts[]): Counts =>
  parts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), {
    passed: 0,
    failed: 0,
    skipped: 0,
  })

/** The closing line: `N passed, N failed`, and what was skipped. */
export const closingLine = (c: Counts): string => `${c.passed} passed, ${c.failed} failed${c.skipped ? `, ${c.skipped} skipped` : ''}`
