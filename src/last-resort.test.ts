import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

/** Runs a program that guards itself; gives its exit code and what it printed. */
async function run(works: string, fault: string): Promise<{ code: number; output: string }> {
  const program = `
    import { guardProcess } from ${JSON.stringify(new URL('./last-resort.ts', import.meta.url).href)}
    const log = { debug() {}, info() {}, warn() {}, error: (fields, message) => console.log(message, JSON.stringify(fields)) }
    guardProcess(log, ${works})
    setTimeout(() => { ${fault} }, 1)
    setTimeout(() => console.log('still here'), 50)`
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', program])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece))
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

test('security-25: what nobody caught is logged, and the process goes on while it does its work', async () => {
  for (const fault of ["throw new Error('thrown')", "Promise.reject(new Error('thrown'))", 'throw null']) {
    const { code, output } = await run('async () => {}', fault)
    assert.equal(code, 0, output)
    assert.match(output, fault.includes('null') ? /uncaught exception/ : /(uncaught exception|unhandled rejection).*thrown/)
    assert.match(output, /still here/)
  }
})

test('a process that can do its work no more ends, so that it is started again', async () => {
  const { code, output } = await run("async () => { throw new Error('the database is held') }", "throw new Error('thrown')")
  assert.equal(code, 70)
  assert.match(output, /thrown[\s\S]*the process cannot go on and ends.*the database is held/)
})
