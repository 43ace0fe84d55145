// A process of `npm test`: runs the test files that it is given one after another, and tells its parent what became of each test.
import { relative } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'

export interface GroupRequest {
  files: string[]
  /** Milliseconds that one test may take. */
  timeout: number
}

/** `file` is where the test stands; `test` is null when the file as a whole failed. */
export type GroupMessage =
  | { kind: 'passed' | 'todo'; file: string }
  | { kind: 'skipped'; file: string; test: string; why: string | null }
  | { kind: 'failed'; file: string; test: string | null; text: string }
  | { kind: 'took'; file: string; milliseconds: number }
  | { kind: 'end' }

/** Milliseconds for hooks that run when all tests have ended. */
const patienceMs = 10_000

const tell = (message: GroupMessage) => process.send!(message)
const textOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : inspect(error))

process.once('message', async ({ files, timeout }: GroupRequest) => {
  const unloaded = new Set<string>()
  // What was thrown outside of any test, or after its end, is no event of a test.
  const astray: string[] = []
  const stream = run({ files, timeout, isolation: 'none' })
  // The runner takes its end from an event loop that has nothing left; what a failed test leaves open would keep it for ever.
  let open = 0
  stream.on('test:enqueue', ({ nesting }) => {
    if (nesting === 0) open++
  })
  stream.on('test:complete', ({ nesting }) => {
    if (nesting === 0 && --open === 0) setTimeout(() => open === 0 && process.emit('beforeExit', 0), patienceMs).unref()
  })
  stream.on('test:pass', ({ name, file = '', nesting, skip, todo, details }) => {
    if (nesting === 0) tell({ kind: 'took', file, milliseconds: details.duration_ms })
    // A file without tests is itself reported as one.
    if (details.type === 'suite' || files.includes(name)) return
    if (skip !== undefined) tell({ kind: 'skipped', file, test: name, why: typeof skip === 'string' ? skip : null })
    else tell({ kind: todo === undefined ? 'passed' : 'todo', file })
  })
  stream.on('test:fail', ({ name, file = '', nesting, todo, details }) => {
    if (nesting === 0) tell({ kind: 'took', file, milliseconds: details.duration_ms })
    if ((details.error as { failureType?: string }).failureType === 'subtestsFailed') return
    if (todo !== undefined) return tell({ kind: 'todo', file })
    if (files.includes(name)) unloaded.add(name)
    tell({ kind: 'failed', file, test: files.includes(name) ? null : name, text: textOf(details.error.cause ?? details.error) })
  })
  stream.on('test:diagnostic', ({ message }) => {
    if (message.startsWith('Error: ')) astray.push(message)
  })
  for await (const _ of stream); // runs it to its end
  for (const text of astray) {
    const file = files.find((path) => text.includes(relative(process.cwd(), path))) ?? files[0]!
    tell({ kind: 'failed', file, test: null, text })
  }
  for (const file of files.filter((path) => !unloaded.has(path))) {
    // Registered some tests and then failed: node:test does not say so, but the loader remembers.
    await import(file).catch((error: unknown) => tell({ kind: 'failed', file, test: null, text: textOf(error) }))
  }
  // A test that failed half-way may have left a listener open: the process ends all the same.
  process.send!({ kind: 'end' } satisfies GroupMessage, () => process.exit(0))
})
