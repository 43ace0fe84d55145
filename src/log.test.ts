import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const log = new URL('./log.ts', import.meta.url).href
const lastResort = new URL('./last-resort.ts', import.meta.url).href
const start = `
  import { createLog } from '${log}'
  import { guardProcess } from '${lastResort}'
  const log = createLog({ level: 'info', format: 'json' })
  for (let number = 0; number < 500; number++) log.info({ number }, 'line')
`

interface Line {
  msg: string
  number: number
}

/** What a program wrote to its standard error, as lines, and how it ended. `seen`: called with what has come so far. */
async function run(source: string, seen?: (text: string, kill: (signal: NodeJS.Signals) => void) => void) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source])
  let text = ''
  child.stdout.on('data', (chunk) => seen?.(String(chunk), (signal) => child.kill(signal)))
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  const [code, signal] = await once(child, 'close')
  return {
    lines: text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
    code,
    signal,
  }
}
const isWhole = (lines: Line[]) =>
  assert.deepEqual(
    lines.filter(({ msg }) => msg === 'line').map(({ number }) => number),
    Array.from({ length: 500 }, (_, number) => number),
  )

test('no line is lost when the process ends by itself, exits, is told to end, or fails in a way that it sees', async () => {
  const ends: [string, string, number | null][] = [
    ['by itself', '', 0],
    ['an exit', 'process.exit(3)', 3],
    ['an exception', "throw new Error('boom')", 1],
    [
      'an exception that the guard sees',
      "guardProcess(log, async () => { throw new Error('no') }); setImmediate(() => { throw new Error('boom') })",
      70,
    ],
    ['a signal', "process.on('SIGTERM', () => process.exit(0)); process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", 0],
  ]
  for (const [name, source, code] of ends) {
    // What Node itself prints of an exception is no line of ours.
    const quiet = name === 'an exception' ? "process.on('uncaughtException', () => process.exit(1));" : ''
    const ended = await run(quiet + start + source)
    assert.equal(ended.code, code, name)
    isWhole(ended.lines)
    if (code === 70)
      assert.deepEqual(
        ended.lines.slice(500).map(({ msg }) => msg),
        ['uncaught exception', 'the process cannot go on and ends'],
      )
  }
})

test('a warning does not wait, nor what stands before it, and others wait a moment only', async () => {
  // Killed without notice once the program has waited: by a warning's own write, or by the time that lines wait at most.
  for (const source of ["log.warn({}, 'careful')", '']) {
    const wait = source
      ? 'await new Promise((done) => setImmediate(() => setImmediate(done)))'
      : 'await new Promise((done) => setTimeout(done, 1000))'
    const { lines, signal } = await run(`${start}${source}\n${wait}\nprocess.stdout.write('now'); setInterval(() => {}, 1000)`, (_, kill) =>
      kill('SIGKILL'),
    )
    assert.equal(signal, 'SIGKILL')
    isWhole(lines)
  }
})
