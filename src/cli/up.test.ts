import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { freePort } from '../testing/free-port.ts'
import { connectClient, findCredentials } from './client.ts'
import { cloneFolder, nephosProgram } from './clone.ts'
import { isRunning } from './control.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-up-'))
const dataDir = join(folder, 'data')
const env = {
  PATH: process.env.PATH,
  HOME: folder,
  NEPHOS_DATA_DIR: dataDir,
  NEPHOS_HOST: 'fake',
  NEPHOS_PASSWORD_COST: '4',
  NEPHOS_METRICS_PORT: '0',
}
let port = 0
let running: { process: ChildProcess; output: () => string } | undefined

before(async () => {
  port = await freePort()
})
after(async () => {
  if (running) await stop(running)
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a cloud and resolves when it says that it is ready. */
async function start(...args: string[]) {
  const child = spawn(nephosProgram(), ['up', '--single-port', String(port), ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => output.includes('Ctrl-C stops it') && resolve())
    child.on('close', (code) => reject(new Error(`ended with ${code}:\n${output}`)))
  })
  return { process: child, output: () => output }
}

async function stop(cloud: { process: ChildProcess }): Promise<number> {
  cloud.process.kill('SIGTERM')
  const [code] = (await once(cloud.process, 'close')) as [number]
  return code
}

const nephos = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(nephosProgram(), args, { env, timeout: 120_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

test('the first start makes secrets and client files that only the owner reads, and says where', async () => {
  running = await start()
  const text = running.output()
  assert.match(text, /ready in \d+ ms/)
  assert.match(text, new RegExp(`identity +http://127\\.0\\.0\\.1:${port}/identity`))
  assert.match(text, new RegExp(`clouds\\.yaml: ${dataDir}/clouds\\.yaml`))
  assert.equal(statSync(dataDir).mode & 0o077, 0)
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const open = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => (statSync(path).mode & 0o077) !== 0)
  assert.ok(files.length > 4)
  assert.deepEqual(open, [])
  const { clouds } = parse(readFileSync(join(dataDir, 'clouds.yaml'), 'utf8')) as { clouds: { nephos: { auth: { password: string } } } }
  assert.ok(clouds.nephos.auth.password.length >= 16)
})

test('the written credentials give a token', async () => {
  const client = await connectClient(findCredentials(dataDir, {}))
  assert.match(client.projectId, /^[0-9a-f]{32}$/)
  const shell = await nephos('env')
  assert.match(shell.out, new RegExp(`^export OS_AUTH_URL='http://127.0.0.1:${port}/identity/v3'$`, 'm'))
})

test('status tells of it, a second start and a reset are refused', async () => {
  const status = await nephos('status')
  assert.equal(status.code, 0, status.err)
  assert.match(status.out, /Running: process \d+/)
  assert.match(status.out, /Tasks\n {2}none is running/)
  const second = await nephos('up', '--single-port', String(port))
  assert.equal(second.code, 1)
  assert.match(second.err, /already runs/)
  const reset = await nephos('reset', '--yes')
  assert.equal(reset.code, 1)
  assert.match(reset.err, /Stop it first/)
  const other = await nephos('up', '--single-port', String(port), '--data-dir', join(folder, 'other'))
  assert.equal(other.code, 1)
  assert.match(other.err, new RegExp(`Port ${port} on 127.0.0.1 is used`))
  assert.doesNotMatch(other.err, /^\s+at /m)
})

test('a signal stops it with exit code 0, and a second start keeps the data', async () => {
  const before = await connectClient(findCredentials(dataDir, {}))
  assert.equal(await stop(running!), 0)
  running = undefined
  assert.equal(await isRunning(dataDir), false)
  running = await start()
  const hint = /npm --prefix (\S+) run demo/.exec(running.output())
  assert.equal(hint && resolve(folder, hint[1]!), cloneFolder(), 'the hint works where it is read')
  const later = await connectClient(findCredentials(dataDir, {}))
  assert.equal(later.projectId, before.projectId)
  assert.equal(await stop(running), 0)
  running = undefined
})

test('reset deletes the data of a stopped cloud, and nothing that is not ours', async () => {
  const asked = await nephos('reset')
  assert.equal(asked.code, 2)
  assert.ok(existsSync(join(dataDir, 'clouds.yaml')))
  const foreign = await nephos('reset', '--yes', '--data-dir', folder)
  assert.equal(foreign.code, 1)
  assert.ok(existsSync(join(dataDir, 'clouds.yaml')))
  const done = await nephos('reset', '--yes')
  assert.equal(done.code, 0, done.err)
  assert.deepEqual(readdirSync(dataDir), [])
})
