import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jailHere, type Limits, runConfined } from './confined.ts'
import { CommandError } from './exec.ts'
import { seccompFilter } from './seccomp.ts'

const limits: Limits = { seconds: 20, memoryBytes: 2 ** 29, fileBytes: 2 ** 20 }
let folder = ''
let input = ''
let output = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'nephos-confined-'))
  input = join(folder, 'input')
  output = join(folder, 'output')
  writeFileSync(input, 'of a stranger')
  writeFileSync(output, '')
  writeFileSync(join(folder, 'secret'), 'of the machine')
})
after(() => rmSync(folder, { recursive: true }))

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.fail('it should fail'),
    (error: Error) => {
      assert.ok(error instanceof CommandError)
      return error
    },
  )

test('a confined program reads its input and writes its output, under every kind of jail that works here', async () => {
  const best = await jailHere()
  const jails = (['bubblewrap', 'namespaces', 'limits'] as const).slice(['bubblewrap', 'namespaces', 'limits'].indexOf(best))
  for (const jail of jails) {
    if (jail === 'namespaces' && best === 'bubblewrap') continue // may be closed where bubblewrap is allowed
    writeFileSync(output, '')
    await runConfined('cp', (at) => [at.input, at.output], { input, output, limits }, jail)
    assert.equal(readFileSync(output, 'utf8'), 'of a stranger')
    assert.equal(await runConfined('cat', (at) => [at.input], { input, output: null, limits }, jail), 'of a stranger')
  }
})

test('limits of output and time end it', async () => {
  const small = { ...limits, fileBytes: 4096 }
  const args = (at: { output: string }) => ['if=/dev/zero', `of=${at.output}`, 'bs=1024', 'count=100']
  await failure(runConfined('dd', args, { input, output, limits: small }))
  assert.ok(readFileSync(output).length <= 4096)
  await failure(runConfined('sleep', () => ['60'], { input, output: null, limits: { ...limits, seconds: 0.2 } }))
  const end = new AbortController()
  const running = runConfined('sleep', () => ['60'], { input, output: null, limits, signal: end.signal })
  setImmediate(() => end.abort())
  await failure(running)
})

test('of programs that are ended while they begin nothing is left', async () => {
  const ended = Array.from({ length: 100 }, (_, index) => {
    const end = new AbortController()
    const running = runConfined('sleep', () => ['60'], { input, output: null, limits, signal: end.signal })
    setTimeout(() => end.abort(), index)
    return failure(running)
  })
  await Promise.all(ended)
  const left = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false // it has just ended
    }
  })
  assert.deepEqual(left, [])
})

test('it sees no other file, and makes no namespace', async (context) => {
  if ((await jailHere()) !== 'bubblewrap') return context.skip('bubblewrap does not work here')
  const secret = await failure(runConfined('cat', () => [join(folder, 'secret')], { input, output: null, limits }))
  assert.match(secret.message, /No such file/)
  await failure(runConfined('touch', (at) => [at.input], { input, output: null, limits }))
  if (seccompFilter(process.arch)) await failure(runConfined('unshare', () => ['--user', 'true'], { input, output: null, limits }))
})
