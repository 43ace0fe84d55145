// The life of the processes of a cloud: how it is stopped, whoever gets the signal, and how two live on one machine.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freePort } from '../testing/free-port.ts'
import { until } from '../testing/until.ts'
import { cloneFolder, nephosProgram } from './clone.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-life-'))
const started = new Set<number>()
after(() => {
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {} // it has ended, as it should have
  }
  rmSync(folder, { recursive: true, force: true })
})

const base = { PATH: process.env.PATH, HOME: folder, NEPHOS_HOST: 'fake', NEPHOS_PASSWORD_COST: '4', NEPHOS_LOG_LEVEL: 'error' }
const dataDir = (name: string) => join(folder, name)

interface Started {
  child: ChildProcess
  ended: Promise<[number | null, NodeJS.Signals | null]>
  output(): string
}

async function start(program: string, args: string[], name: string, more: Record<string, string> = {}): Promise<Started> {
  const env = { ...base, NEPHOS_DATA_DIR: dataDir(name), ...more }
  const child = spawn(program, args, { cwd: cloneFolder(), env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  started.add(child.pid!)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk))
  const ended = once(child, 'exit') as Started['ended']
  await until(`${program} ${args.join(' ')} is ready`, () => text.includes('Ctrl-C stops it') || child.exitCode !== null)
  assert.equal(child.exitCode, null, text)
  return { child, ended, output: () => text }
}

const up = (name: string, args: string[] = ['--single-port', '0'], more = {}) => start(nephosProgram(), ['up', ...args], name, more)

const nephos = (name: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const env = { ...base, NEPHOS_DATA_DIR: dataDir(name) }
    execFile(nephosProgram(), args, { env, timeout: 120_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

/** The process and all below it, the first child of each. */
function chainFrom(pid: number): number[] {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return child ? [pid, ...chainFrom(Number(child))] : [pid]
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}/exe`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

// npm hands SIGTERM to a shell that does not hand it on; SIGHUP it does not hand on; of SIGKILL nobody is told.
for (const [level, who] of ['npm', 'the shell of npm', 'what npm runs'].entries()) {
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    if (signal === 'SIGHUP' && level === 1) continue
    test(`npm start ends with all that it started when ${who} gets ${signal}`, async () => {
      const { child, ended, output } = await start('npm', ['start', '--', '--single-port', '0', '--metrics-port', '0'], 'npm')
      const chain = chainFrom(child.pid!)
      for (const pid of chain) started.add(pid)
      assert.ok(chain.length >= 3, `${chain.length} processes`)
      process.kill(chain[level]!, signal)
      const [code] = await ended
      await until(`all ended after ${signal}`, () => !chain.some(isAlive), 20)
      if (level === 2 && signal !== 'SIGKILL') assert.equal(code, 0, output())
      for (const pid of chain) started.delete(pid)
    })
  }
}

test('nephos down stops the cloud, waits for its end and says so; where none runs it fails with a sentence', async () => {
  const none = await nephos('down', 'down')
  assert.equal(none.code, 1)
  assert.match(none.err, /^nephos: No cloud runs on .*\n$/)
  const cloud = await up('down')
  const done = await nephos('down', 'down')
  assert.equal(done.code, 0, done.err)
  assert.match(done.out, new RegExp(`^Stopped the cloud on .* \\(process ${cloud.child.pid}\\) in [\\d.]+ s; guests go on running\\.\n$`))
  assert.deepEqual(await cloud.ended, [0, null])
  assert.equal((await nephos('down', 'down')).code, 1)
  assert.equal((await nephos('down', 'down', '--timeout', 'soon')).code, 2)
})

test('a cloud that does not end is told, and --kill ends it', async () => {
  const cloud = await up('hung')
  process.kill(cloud.child.pid!, 'SIGSTOP')
  const second = await nephos('hung', 'up', '--single-port', '0')
  assert.equal(second.code, 1)
  assert.match(second.err, new RegExp(`already runs on .*process ${cloud.child.pid}`))
  const late = await nephos('hung', 'down', '--timeout', '1')
  assert.equal(late.code, 1)
  assert.match(late.err, /has not ended within 1 s. Mend: nephos down --kill/)
  const killed = await nephos('hung', 'down', '--timeout', '0', '--kill')
  assert.equal(killed.code, 0, killed.err)
  assert.match(killed.out, /^Killed/)
  assert.equal((await cloud.ended)[1], 'SIGKILL')
  assert.equal(await (await up('hung')).child.kill('SIGTERM'), true)
})

test('SIGTERM amid a start ends it', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1') // a database that takes connections and says nothing
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const env = { ...base, NEPHOS_DATA_DIR: dataDir('slow'), NEPHOS_DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/none` }
  const child = spawn(nephosProgram(), ['up', '--single-port', '0'], { env, stdio: 'ignore' })
  started.add(child.pid!)
  await once(server, 'connection')
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  assert.equal(code, 1)
  server.close()
})

test('a second cloud starts beside the first: a free port for services where 0 is asked for, another for metrics', async () => {
  const first = await up('first')
  const second = await up('second')
  const urls = [first, second].map((cloud) => /identity +(http\S+)/.exec(cloud.output())![1]!)
  const metrics = [first, second].map((cloud) => /metrics +(http\S+)/.exec(cloud.output())![1]!)
  assert.equal(new Set([...urls, ...metrics].map((url) => new URL(url).port)).size, 4)
  for (const url of urls) assert.equal((await fetch(`${url}/v3`)).status, 200)
  for (const url of metrics) assert.equal((await fetch(url)).status, 200)
  const status = await nephos('second', 'status')
  assert.ok(status.out.includes(urls[1]!), status.out)
  for (const name of ['first', 'second']) assert.equal((await nephos(name, 'down')).code, 0)
})

test('advice about a port names what was given', async (t) => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const single = await nephos('ports', 'up', '--single-port', String(port))
  assert.match(
    single.err,
    new RegExp(`Port ${port} on 127.0.0.1 is used .* Choose another than --single-port ${port}, or 0 for a free one`),
  )
  const metrics = await nephos('ports', 'up', '--single-port', '0', '--metrics-port', String(port))
  assert.match(metrics.err, /Choose another with --metrics-port, or 0 for no metrics/)
  // So that the port is compute's: every port that tests take is then within the offsets that there may be.
  const away = port - 8774
  const offset = await nephos('ports', 'up', '--port-offset', String(away))
  assert.match(offset.err, new RegExp(`Choose another than --port-offset ${away}`))
  assert.deepEqual([single.code, metrics.code, offset.code], [1, 1, 1])
})
