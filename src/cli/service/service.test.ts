import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { run } from '../../host/commands/exec.ts'
import { nephosProgram } from '../clone.ts'
import { findProgram } from '../host-programs.ts'
import { unitText } from './unit.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-service-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const isRoot = process.getuid?.() === 0
/** Somebody who is not root, where the tests are. */
const nobody = isRoot ? { uid: 65534, gid: 65534 } : {}
if (isRoot) chownSync(folder, 65534, 65534)

const nephosAs = (who: { uid?: number; gid?: number }, ...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: folder, NEPHOS_DATA_DIR: '/srv/cloud' }
    execFile(nephosProgram(), ['service', ...args], { env, timeout: 60_000, cwd: '/', ...who }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })
const unreadable = spawnSync(nephosProgram(), ['--help'], { cwd: '/', ...nobody }).status !== 0 && 'who is not root cannot read this clone'
const nephos = (...args: string[]) => nephosAs(nobody, ...args)

const rootUnit = `[Unit]
Description=Nephos, an OpenStack cloud
Documentation=https://docs.openstack.org/api-quick-start/
After=network-online.target postgresql.service
Wants=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
ExecStart=/opt/nephos/bin/nephos up --no-install-packages --data-dir /srv/cloud
Environment=MALLOC_ARENA_MAX=1
Restart=on-failure
RestartSec=2
TimeoutStopSec=30
KillMode=process
UMask=0077
LimitNOFILE=65536
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
RestrictRealtime=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`

test('the unit of the machine and of a user', () => {
  const parts = { program: ['/opt/nephos/bin/nephos'], dataDir: '/srv/cloud' }
  assert.equal(unitText({ ...parts, isUser: false }), rootUnit)
  const own = unitText({ ...parts, isUser: true })
  assert.match(own, /\nNoNewPrivileges=yes\n\n\[Install\]\nWantedBy=default\.target\n$/)
  assert.doesNotMatch(own, /Protect/)
})

test('paths with blanks, percents and dollars reach the program as they are', () => {
  const text = unitText({ program: ['/opt/my cloud/nephos'], dataDir: '/srv/50%/$x"y', isUser: false })
  assert.match(text, /^ExecStart="\/opt\/my cloud\/nephos" up --no-install-packages --data-dir "\/srv\/50%%\/\$\$x\\"y"$/m)
})

test('systemd takes the unit', { skip: !findProgram('systemd-analyze') && 'systemd-analyze is not here' }, async () => {
  const path = join(folder, 'nephos.service')
  writeFileSync(path, unitText({ program: [nephosProgram()], dataDir: '/srv/cloud', isUser: false }))
  // It complains of units of the machine as well, but by other names.
  const said = await run('systemd-analyze', ['verify', '--man=no', path], { accept: [1] }).catch((error: Error) => error.message)
  assert.doesNotMatch(said, /nephos\.service/)
})

test('root has the unit of the machine, and is told so', { skip: !isRoot && 'only root is refused' }, async () => {
  for (const more of [[], ['--print']]) {
    const { code, out, err } = await nephosAs({}, 'install', '--user', ...more)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /^nephos: --user is for users other than root.* nephos service install, without --user\.\n$/)
  }
  assert.match((await nephosAs({}, 'install', '--print')).out, /WantedBy=multi-user\.target/)
})

test('install writes the unit, status shows it, uninstall takes it away; without systemd it says what to run', {
  skip: unreadable,
}, async () => {
  const path = join(folder, '.config/systemd/user/nephos.service')
  const printed = await nephos('install', '--user', '--print')
  assert.equal(printed.code, 0, printed.err)
  assert.match(printed.out, /--data-dir \/srv\/cloud\n/)
  assert.equal(existsSync(path), false)
  assert.equal((await nephos('status', '--user')).code, 1)
  assert.equal((await nephos('uninstall', '--user')).code, 1)
  if (existsSync('/run/systemd/system')) return // what follows would start it here
  const installed = await nephos('install', '--user')
  assert.equal(installed.code, 0, installed.err)
  assert.match(installed.out, /Systemd does not run here.*systemctl --user daemon-reload && systemctl --user enable --now nephos/)
  assert.equal(readFileSync(path, 'utf8'), printed.out)
  assert.match((await nephos('status', '--user')).out, /starts: .*bin\/nephos up/)
  assert.equal((await nephos('uninstall', '--user')).code, 0)
  assert.equal(existsSync(path), false)
})
