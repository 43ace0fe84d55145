import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { steppedClock, systemClock } from '../../environment.ts'
import { silentLog } from '../../log.ts'
import { until } from '../../testing/until.ts'
import { createBackOff, pauseAfter } from './back-off.ts'
import { daemon } from './daemon.ts'
import { createDaemons, type Daemons } from './supervisor.ts'

/** Serves the text of its file `body` on the unix socket, reads it again at SIGHUP, and does what its file `settings` says. */
const program = `
const { readFileSync, rmSync } = process.getBuiltinModule('node:fs')
const [folder, settingsFile, bodyFile] = process.argv.slice(1)
const settings = JSON.parse(readFileSync(settingsFile, 'utf8'))
console.error('reads its settings')
if (settings.child) process.getBuiltinModule('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
if (settings.fails) { console.error('cannot do that\\nat all'); process.exit(3) }
let body = readFileSync(bodyFile, 'utf8')
process.on('SIGHUP', () => { body = readFileSync(bodyFile, 'utf8') })
rmSync(folder + '/socket', { force: true })
process.getBuiltinModule('node:net').createServer((s) => s.end(process.pid + ' ' + body)).listen(folder + '/socket')
if (settings.says) setInterval(() => console.error('x'.repeat(1000)), 1)
`
/** What it answers; null when nobody does. */
async function ask(folder: string): Promise<{ pid: number; body: string } | null> {
  const text = await new Promise<string | null>((resolve) => {
    let said = ''
    const socket = connect(join(folder, 'socket'))
    socket.on('data', (piece) => {
      said += piece
    })
    socket.on('error', () => resolve(null)).on('end', () => resolve(said))
  })
  const [, pid, body] = /^(\d+) (.*)$/s.exec(text ?? '') ?? []
  return pid ? { pid: Number(pid), body: body! } : null
}
const server = daemon({
  name: 'server',
  program: process.execPath,
  arguments: (at) => ['-e', program, at.folder, at.file('settings'), at.file('body')],
  files: { settings: { onChange: 'restart' }, body: { onChange: 'reload' } },
  reload: 'SIGHUP',
  check: (at) => [process.execPath, '-e', 'JSON.parse(fs.readFileSync(process.argv[1]))', at.file('settings')],
  health: async ({ folder, pid }) => (await ask(folder))?.pid === pid,
  startMs: 60_000,
})

const folders: string[] = []
const made: Daemons[] = []
const parts = (root: string, changed: (name: string) => void = () => {}) => ({
  root,
  types: [server],
  clock: systemClock,
  log: silentLog,
  changed,
  lookMs: 100,
})
function site() {
  const root = mkdtempSync(join(tmpdir(), 'daemons-'))
  folders.push(root)
  const told: string[] = []
  const daemons = createDaemons(parts(root, (name) => void told.push(name)))
  made.push(daemons)
  const ensure = (settings: object | string, body = 'one', by = daemons) =>
    by.ensure(server, 'a', {
      namespace: null,
      files: () => ({ settings: typeof settings === 'string' ? settings : JSON.stringify(settings), body }),
    })
  return { root, daemons, told, ensure, folder: join(root, 'a'), find: async () => (await daemons.find('a'))?.pid }
}
after(async () => {
  for (const daemons of made) {
    for (const name of await daemons.running()) await daemons.remove(name)
    await daemons.close()
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
/** Whoever starts a process may hear of its end later than it is gone. */
const isThere = (pid: number) => {
  try {
    return !/ [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

test('a daemon serves what it was given, reads again what it can, and is started anew for the rest', async () => {
  const { ensure, folder, find } = site()
  await ensure({})
  const first = await ask(folder)
  assert.equal(first?.body, 'one')
  assert.equal(first?.pid, await find())
  await ensure({}, 'two')
  await until('the new text', async () => (await ask(folder))?.body === 'two')
  assert.equal(await find(), first!.pid, 'the same process')
  await ensure({ more: 1 }, 'two')
  assert.notEqual(await find(), first!.pid)
  assert.equal(isThere(first!.pid), false)
})

test('asked for again it is left alone', async () => {
  const { ensure, find } = site()
  await ensure({})
  const pid = await find()
  await ensure({})
  assert.equal(await find(), pid)
})

test('a killed daemon is told, and comes back when it is asked for', async () => {
  const { ensure, find, told } = site()
  await ensure({})
  const pid = (await find())!
  process.kill(pid, 'SIGKILL')
  await until('it is told', () => told.length > 0)
  assert.deepEqual(told, ['a'])
  await ensure({})
  assert.notEqual(await find(), pid)
})

test('a wrong configuration leaves the old one serving, whether the check finds it or the start', async () => {
  const { ensure, folder, find } = site()
  await ensure({})
  const pid = await find()
  await assert.rejects(ensure('no JSON'), /JSON/)
  assert.equal(await find(), pid)
  await assert.rejects(ensure({ fails: true }, 'two'), /server ended as soon as it was started \(exit 3\): .*cannot do that at all$/)
  assert.equal((await ask(folder))?.body, 'one')
  const after = await find()
  await assert.rejects(ensure({ fails: true }, 'two'), /cannot do that at all/)
  await assert.rejects(ensure({ fails: true }, 'two'), /times in a row, so it is tried again after \d+ s$/)
  await ensure({}, 'three')
  await until('another is taken at once', async () => (await ask(folder))?.body === 'three')
  assert.notEqual(await find(), undefined)
  assert.notEqual(after, undefined)
  assert.ok(!readdirSync(folder).includes('.aside'))
})

test('one that ends again and again is started later and later, and says why', async () => {
  const clock = steppedClock()
  const backOff = createBackOff(clock)
  assert.deepEqual([1, 2, 3, 4, 20].map(pauseAfter), [0, 1000, 2000, 4000, 60_000])
  const end = () => backOff.ended('a', 'target', `server has ended by itself (exit 3): ${'words '.repeat(1000)}`)
  end()
  backOff.check('a', 'target')
  backOff.began('a')
  end()
  assert.throws(
    () => backOff.check('a', 'target'),
    (error: Error) => {
      assert.match(error.message, /^server has ended by itself \(exit 3\): words .*; 2 times in a row, so it is tried again after 1 s$/)
      return error.message.length < 600
    },
  )
  backOff.check('a', 'another target')
  assert.deepEqual(backOff.due(), [])
  await clock.advance(1000)
  assert.deepEqual([backOff.due(), backOff.due()], [['a'], []])
  backOff.check('a', 'target')
  backOff.began('a')
  await clock.advance(61_000)
  end()
  backOff.check('a', 'target') // it has run for long: that is no loop
})

test('a crash loop does not run ahead of its pauses', async () => {
  const { ensure, find, told } = site()
  await ensure({})
  for (let times = 1; times <= 2; times++) {
    process.kill((await find())!, 'SIGKILL')
    await until('it is told', () => told.length === times)
    if (times === 1) await ensure({})
  }
  await assert.rejects(ensure({}), /server has ended by itself \(signal SIGKILL\): .*; 2 times in a row, so it is tried again after 1 s/)
  await until('it may be tried again, and is told', () => told.length === 3)
  await ensure({})
})

test('an agent that was killed leaves its daemon to the next one, which starts no second copy', async () => {
  const { root, folder, ensure } = site()
  const source = `
    const { createDaemons } = await import(${JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))})
    const { systemClock } = await import(${JSON.stringify(join(import.meta.dirname, '../../environment.ts'))})
    const { silentLog } = await import(${JSON.stringify(join(import.meta.dirname, '../../log.ts'))})
    const program = ${JSON.stringify(program)}
    const server = { name: 'server', program: process.execPath,
      arguments: (at) => ['-e', program, at.folder, at.file('settings'), at.file('body')],
      files: { settings: { onChange: 'restart' }, body: { onChange: 'reload' } }, reload: 'SIGHUP' }
    const daemons = createDaemons({ root: ${JSON.stringify(root)}, types: [server], clock: systemClock, log: silentLog, changed() {} })
    await daemons.ensure(server, 'a', { namespace: null, files: () => ({ settings: '{}', body: 'one' }) })
    console.log('ready')`
  const agent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(agent.stdout!, 'data')
  agent.kill('SIGKILL')
  await once(agent, 'exit')
  await until('the daemon serves', async () => (await ask(folder)) !== null)
  const { pid } = (await ask(folder))!
  const told: string[] = []
  const next = createDaemons(parts(root, (name) => void told.push(name)))
  made.push(next)
  assert.deepEqual(await next.running(), ['a'])
  await ensure({}, 'one', next)
  assert.equal((await next.find('a'))?.pid, pid)
  await ensure({}, 'two', next)
  await until('the new text', async () => (await ask(folder))?.body === 'two')
  assert.equal((await ask(folder))?.pid, pid)
  process.kill(pid, 'SIGKILL')
  await until('its death is told', () => told.length === 1)
})

test('what it says is kept and cut', async () => {
  const { ensure, folder } = site()
  await ensure({ says: true })
  await until('the log was cut', () => readdirSync(folder).includes('log.old'))
  assert.equal(statSync(join(folder, 'log.old')).size, 256 * 1024)
  assert.ok(statSync(join(folder, 'log')).size < 2 ** 20)
  await ensure({})
})

test('one that runs and does not answer is ended and told', async () => {
  const { ensure, find, told, root } = site()
  await ensure({})
  const pid = (await find())!
  rmSync(join(root, 'a/socket'))
  await until('it is told', () => told.length > 0)
  assert.equal(isThere(pid), false)
})

test('removal ends the whole group and leaves nothing', async () => {
  const { ensure, daemons, find, root } = site()
  await ensure({ child: true })
  const pid = (await find())!
  const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  await until('its child', () => children().length === 1)
  const [child] = children()
  await daemons.remove('a')
  assert.deepEqual([isThere(pid), readdirSync(root)], [false, []])
  await until('its child has ended', () => !isThere(child!))
  await daemons.remove('a')
})

test('a name is one folder in its root, and no other', async () => {
  const { daemons } = site()
  assert.throws(() => daemons.folder('../a'), /no name/)
})
