// security class 4: what of the data folder is whose. The control process talks to strangers: taken over, it must not become root by what
// it leaves there for root to find.
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig, UserError } from '../config.ts'
import { run } from '../host/commands/exec.ts'
import { claimOwnFolders } from '../host/own-folders.ts'
import { asOwnerOf, keepDataFolder, shareDataFolder } from './data-folder.ts'
import { onlyVariables } from './env.ts'
import { claimFolder, cloudProcessOf } from './process.ts'

const uid = 64_991

async function withFolder(work: (dataDir: string) => unknown): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-folder-'))
  try {
    await work(dataDir)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Whether the control process's user can do that. */
const asControl = (script: string, dataDir: string) =>
  run('setpriv', ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', 'sh', '-ec', script], { cwd: dataDir }).then(
    () => true,
    () => false,
  )

test("security-04: the control process makes its own files, and can neither move nor replace root's", () =>
  withFolder(async (dataDir) => {
    writeFileSync(join(dataDir, 'nephos.yaml'), 'log-level: warn\n', { mode: 0o600 })
    writeFileSync(join(dataDir, 'nephos.db'), '', { mode: 0o600 })
    shareDataFolder(dataDir, uid)
    assert.equal(
      await asControl('echo x > nephos.db; echo x > nephos.db-wal; mv nephos.db-wal y; mkdir run; cat nephos.yaml', dataDir),
      true,
    )
    for (const script of [
      'mv agent other',
      'mv guests other',
      'mv cache other',
      'touch agent/pid',
      'touch guests/x',
      'touch cache/x',
      'rm -f nephos.yaml',
      'echo x >> nephos.yaml',
      'mv y nephos.yaml',
      'chmod 777 .',
    ])
      assert.equal(await asControl(script, dataDir), false, script)
    assert.deepEqual([statSync(join(dataDir, 'nephos.db')).uid, statSync(join(dataDir, 'nephos.yaml')).uid], [uid, 0])
    keepDataFolder(dataDir)
    assert.equal(statSync(dataDir).mode & 0o7777, 0o700)
  }))

test('security-04: root does not work in a folder that somebody else made, nor through a link', async () => {
  for (const name of ['agent', 'guests', 'cache'])
    await withFolder(async (dataDir) => {
      chownSync(dataDir, uid, uid)
      await asControl(`mkdir -p ${name}/documents`, dataDir)
      assert.throws(() => shareDataFolder(dataDir, uid), UserError)
      rmSync(join(dataDir, name), { recursive: true })
      symlinkSync('/tmp', join(dataDir, name))
      lchownSync(join(dataDir, name), uid, uid)
      assert.throws(() => claimOwnFolders(dataDir), UserError)
      assert.equal(statSync('/tmp').uid, 0)
    })
  // The answer of a probe is no harm: it is found out anew.
  await withFolder(async (dataDir) => {
    chownSync(dataDir, uid, uid)
    await asControl('mkdir cache; echo "{}" > cache/accelerator.json', dataDir)
    shareDataFolder(dataDir, uid)
    assert.deepEqual([statSync(join(dataDir, 'cache')).uid, existsSync(join(dataDir, 'cache', 'accelerator.json'))], [0, false])
  })
})

test('security-04: links that the control process has made give it nothing', () =>
  withFolder(async (dataDir) => {
    const treasure = join(dataDir, 'treasure')
    mkdirSync(treasure)
    writeFileSync(join(treasure, 'secret'), '', { mode: 0o600 })
    mkdirSync(join(dataDir, 'images'))
    symlinkSync(treasure, join(dataDir, 'images', 'folder'))
    symlinkSync(join(treasure, 'secret'), join(dataDir, 'images', 'file'))
    symlinkSync(join(treasure, 'secret'), join(dataDir, 'policy.yaml'))
    shareDataFolder(dataDir, uid)
    assert.deepEqual([lstatSync(treasure).uid, lstatSync(join(treasure, 'secret')).uid], [0, 0])
    assert.equal(lstatSync(join(treasure, 'secret')).mode & 0o777, 0o600)
    assert.equal(lstatSync(join(dataDir, 'images')).uid, uid)
  }))

test('security-04: settings that choose users for root count in a file of root alone', () =>
  withFolder((dataDir) => {
    const env = { NEPHOS_DATA_DIR: dataDir }
    const path = join(dataDir, 'nephos.yaml')
    for (const line of ['control-uid: 0', 'guest-uids: 100000']) {
      writeFileSync(path, `${line}\n`)
      loadConfig({ env })
      chownSync(path, uid, uid)
      assert.throws(() => loadConfig({ env }), /counts for root only in a file of root's own/)
      rmSync(path)
    }
  }))

test("security-04: what the control process writes down as the cloud's process is no other's", () =>
  withFolder((dataDir) => {
    const release = claimFolder(dataDir, false)
    assert.equal(cloudProcessOf(dataDir)?.pid, process.pid)
    chownSync(join(dataDir, 'run/up'), uid, uid)
    assert.equal(cloudProcessOf(dataDir), undefined)
    release()
  }))

test('security-04: what root writes beside the database belongs to the one whose it is', () =>
  withFolder(async (dataDir) => {
    const database = join(dataDir, 'nephos.db')
    writeFileSync(database, '')
    chownSync(database, uid, uid)
    chownSync(dataDir, 0, uid)
    chmodSync(dataDir, 0o1770)
    await assert.rejects(
      asOwnerOf(database, async () => {
        writeFileSync(`${database}-wal`, '')
        throw new Error('meanwhile')
      }),
      /meanwhile/,
    )
    assert.deepEqual([statSync(`${database}-wal`).uid, process.geteuid!(), process.getegid!()], [uid, 0, 0])
  }))

test('security-04: what a shell of root runs out of the data folder sets variables of clients and does nothing else', () => {
  const fine = "export OS_USERNAME='admin'\nexport OS_PASSWORD='it'\\''s $(x) `y`'\n"
  assert.equal(onlyVariables(fine, 'openrc'), fine)
  for (const more of [
    'id\n',
    'export OS_X=$(id)\n',
    "export OS_X='a';id\n",
    "export PATH='/tmp'\n",
    "export OS_X=''\nid\n",
    'export OS_X=a b\n',
    'id',
  ])
    assert.throws(() => onlyVariables(fine + more, 'openrc'), UserError, more)
})
