// A start that cannot be: one sentence with the mend and an exit code, never a stack.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run } from '../host/commands/exec.ts'
import { freePort } from '../testing/free-port.ts'
import { nephosProgram } from './clone.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-start-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const newFolder = () => {
  const path = join(folder, String(count++))
  mkdirSync(path)
  return path
}

/** Starts a cloud that cannot start; checks that it says so in one sentence. */
function refused(dataDir: string, message: RegExp, options: { code?: number; args?: string[]; env?: Record<string, string> } = {}) {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    NEPHOS_DATA_DIR: dataDir,
    NEPHOS_HOST: 'fake',
    NEPHOS_SINGLE_PORT: '0',
    NEPHOS_METRICS_PORT: '0',
    NEPHOS_PASSWORD_COST: '4',
    NEPHOS_LOG_LEVEL: 'error',
    ...options.env,
  }
  return new Promise<void>((resolve, reject) => {
    execFile(nephosProgram(), ['up', ...(options.args ?? [])], { env, timeout: 60_000 }, (error, _out, err) => {
      try {
        assert.equal(error?.code, options.code ?? 1, err)
        assert.match(err, message)
        assert.match(err, /^nephos: [^\n]+\n$/)
        resolve()
      } catch (failure) {
        reject(failure)
      }
    })
  })
}

test('files of settings that are not understood', async () => {
  const files: [string, string, RegExp][] = [
    ['policy.yaml', 'identity:list_users: "role:reader or"', /policy.yaml: policy rule identity:list_users: .* ends too early\./],
    ['object-store.yaml', 'backnd: {}', /object-store.yaml: there is no setting backnd\./],
    ['object-store.yaml', 'sync: {host: []}', /there is no setting sync.host\./],
    ['federation.yaml', 'provider: []', /federation.yaml: there is no setting provider\./],
    ['directory.yaml', 'x: 1', /directory.yaml: must have required property 'directories'\./],
  ]
  for (const [name, text, message] of files) {
    const dataDir = newFolder()
    writeFileSync(join(dataDir, name), text, { mode: 0o600 })
    await refused(dataDir, message)
  }
})

test('a database that is none, or is damaged', async () => {
  const dataDir = newFolder()
  writeFileSync(join(dataDir, 'nephos.db'), Buffer.alloc(8192, 'no database'))
  await refused(dataDir, /nephos\.db is damaged .*[Rr]estore it from a backup/)
})

test('a data folder that is a file, lies below one, or holds a file where a folder should be', async () => {
  const dataDir = newFolder()
  const file = join(dataDir, 'file')
  writeFileSync(file, '')
  await refused(file, /is not the folder that it should be.*--data-dir/)
  await refused(join(file, 'below'), /--data-dir/)
  writeFileSync(join(dataDir, 'run'), '')
  await refused(dataDir, /run.* is not the folder that it should be/)
})

test('a database that is a folder', async () => {
  const dataDir = newFolder()
  mkdirSync(join(dataDir, 'nephos.db'))
  await refused(dataDir, /nephos\.db cannot be opened/)
})

test('a PostgreSQL that is away', async () => {
  const port = await freePort()
  for (const host of ['127.0.0.1', 'localhost'])
    await refused(newFolder(), /The database cannot be used: .*ECONNREFUSED.*--database-url/, {
      env: { NEPHOS_DATABASE_URL: `postgres://nobody@${host}:${port}/none` },
    })
})

test('files of settings that are missing, broken, or folders', async () => {
  const dataDir = newFolder()
  const config = join(dataDir, 'c.yaml')
  await refused(dataDir, /There is no file/, { args: ['--config', join(dataDir, 'none.yaml')], code: 2 })
  await refused(dataDir, /cannot be read/, { args: ['--config', dataDir] })
  writeFileSync(config, 'single-port: [1]\n')
  await refused(dataDir, /single-port in .* must be/, { args: ['--config', config], env: { NEPHOS_SINGLE_PORT: '' } })
  for (const name of ['policy', 'federation', 'directory', 'image-stores', 'object-store']) {
    const path = join(dataDir, `${name}.yaml`)
    writeFileSync(path, 'a: [b\n')
    await refused(dataDir, new RegExp(`${name}\\.yaml`))
    rmSync(path)
    mkdirSync(path)
    await refused(dataDir, new RegExp(`${name}\\.yaml`))
    rmSync(path, { recursive: true })
  }
})

test('a master key that is none, a key file that is a folder', async () => {
  const dataDir = newFolder()
  writeFileSync(join(dataDir, 'master-key'), 'short\n')
  await refused(dataDir, /master key .* cannot be read/)
  await refused(dataDir, /master/, { env: { NEPHOS_KEY_FILE: dataDir } })
})

test('an address that is not of this machine', () =>
  refused(newFolder(), /no address 192\.0\.2\.1.*--listen/, { env: { NEPHOS_LISTEN: '192.0.2.1' } }))

const isRoot = process.getuid?.() === 0

test('a disk that is full from the start, or after some kilobytes', { skip: !isRoot && 'mounting needs root' }, async () => {
  // Of each size something else is the first that does not fit: a folder, a secret, the database, its log.
  for (const size of ['4k', '8k', '16k', '64k', '256k']) {
    const dataDir = newFolder()
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dataDir])
    try {
      if (size === '4k') writeFileSync(join(dataDir, 'filler'), Buffer.alloc(4096))
      await refused(dataDir, /disk is full|may be full/i)
    } finally {
      await run('umount', ['-l', dataDir])
    }
  }
})

test('a data folder that may not be written, a database that may not be read', { skip: !isRoot && 'needs another user' }, async () => {
  const dataDir = newFolder()
  await run('mount', ['-t', 'tmpfs', '-o', 'ro,size=64k', 'tmpfs', dataDir])
  try {
    await refused(dataDir, /read-only.*--data-dir/)
  } finally {
    await run('umount', ['-l', dataDir])
  }
  chmodSync(folder, 0o755)
  const locked = newFolder()
  const env = { NEPHOS_HOST: 'fake', NEPHOS_SINGLE_PORT: '0', NEPHOS_DATA_DIR: locked, HOME: folder }
  chmodSync(locked, 0o555)
  const command = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--', nephosProgram(), 'up']
  await assert.rejects(run('setpriv', command, { env }), /nephos: .*permission denied.*--data-dir/)
})
