// npm run tempest [-- smoke | scenario]: Tempest against a cloud of its own, inside a network namespace of its own, so that no packet can leave.
// smoke: the API tests of .ci/tempest-smoke.txt on the fake host. scenario: those of .ci/tempest-scenario.txt on the real one, with SSH.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from '../src/cli/control.ts'
import { findProgram, hostPrograms } from '../src/cli/host-programs.ts'
import { run } from '../src/host/commands/exec.ts'
import { ensurePrograms } from './host/apt.ts'
import { ensureGuestImage, guestImage } from './host/guest-image.ts'
import { step } from './progress.mjs'
import { type Counts, closingLine, sumUp } from './test/suite.ts'

type Part = 'smoke' | 'scenario'

/** Tempest pings guests; Debian's smallest installations lack the program. */
const scenarioPrograms = [...hostPrograms, { program: 'ping', package: 'iputils-ping', use: 'Tempest reaches guests with it' }]

const root = join(import.meta.dirname, '..')
const suites = process.env.NEPHOS_TEST_SUITES ?? join(root, '../shared/suites')
const password = 'secret'
const args = process.argv.slice(2)
if (args[0] === '--inside') process.exit(await inside(args[1] as Part))
process.exit(await outside(args.length > 0 ? (args as Part[]) : ['smoke', 'scenario']))

async function outside(parts: Part[]): Promise<number> {
  const skip = (why: string) => {
    console.log(`skipped: Tempest: ${why}`)
    console.log(closingLine({ passed: 0, failed: 0, skipped: 0 }))
    return 0
  }
  if (!existsSync(join(suites, 'tempest/run.sh'))) return skip(`its runner is not at ${suites}`)
  if (process.getuid?.() !== 0) return skip('it needs root, for a network namespace of its own')
  if (!findProgram('tempest')) await step('Tempest (apt-get install)', () => run(join(suites, 'install.sh'), [], { timeout: 1_800_000 }))
  const results: Counts[] = []
  for (const part of parts) {
    if (part === 'scenario') {
      const lacking = await ensurePrograms(scenarioPrograms, true)
      if (lacking) throw new Error(lacking)
      const failed = await ensureGuestImage()
      if (failed) throw new Error(failed)
    }
    const self = ['--disable-warning=ExperimentalWarning', import.meta.filename, '--inside', part]
    const child = spawn('unshare', ['--net', '--', process.execPath, ...self], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk)
      output += chunk
    })
    await once(child, 'close')
    const counts = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(output.trim().split('\n').at(-1) ?? '')
    results.push(
      counts
        ? { passed: Number(counts[1]), failed: Number(counts[2]), skipped: Number(counts[3] ?? 0) }
        : { passed: 0, failed: 1, skipped: 0 },
    )
  }
  const total = sumUp(results)
  console.log(closingLine(total))
  return total.failed > 0 ? 1 : 0
}

/** In the namespace: starts the cloud, runs the list, ends the cloud. Prints the closing line. */
async function inside(part: Part): Promise<number> {
  await run('ip', ['link', 'set', 'lo', 'up'])
  const folder = mkdtempSync(join(tmpdir(), `nephos-tempest-${part}-`))
  const env = {
    NEPHOS_DATA_DIR: join(folder, 'data'),
    NEPHOS_HOST: part === 'smoke' ? 'fake' : 'linux',
    NEPHOS_HOST_ROUTE: String(part === 'scenario'),
    NEPHOS_ADMIN_PASSWORD: password,
    NEPHOS_PASSWORD_COST: '8',
    NEPHOS_LOG_FORMAT: 'json',
    NEPHOS_LOG_LEVEL: process.env.NEPHOS_LOG_LEVEL ?? 'info',
  }
  const log = join(folder, 'nephos.log')
  const cloud = startCloud(env, log)
  try {
    for (let tries = 0; !(await isRunning(env.NEPHOS_DATA_DIR)); tries++) {
      if (tries > 300 || cloud.exitCode !== null) throw new Error(`the cloud did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`)
      await sleep(200)
    }
    const { list, left } = choose(part, folder)
    const lines = await tempest(part, list, folder)
    const counts = /(\d+) passed, (\d+) failed, (\d+) skipped/.exec(lines) ?? [0, 0, 1, 0]
    const result = { passed: Number(counts[1]), failed: Number(counts[2]), skipped: Number(counts[3]) + left }
    if (result.failed > 0) keep(folder, log)
    console.log(closingLine(result))
    return result.failed > 0 ? 1 : 0
  } finally {
    cloud.kill('SIGTERM')
    if (cloud.exitCode === null) await once(cloud, 'close')
    // What failed tests left behind goes with the networks that outlive a cloud.
    if (part === 'scenario' && existsSync(env.NEPHOS_DATA_DIR)) {
      const copy = join(folder, 'data.kept')
      if (existsSync(join(folder, 'keep')))
        cpSync(env.NEPHOS_DATA_DIR, copy, { recursive: true, filter: (path) => !/qcow2|\/images\//.test(path) })
      await run(join(root, 'bin/nephos'), ['reset', '--yes'], { timeout: 120_000, env })
    }
    if (!existsSync(join(folder, 'keep'))) rmSync(folder, { recursive: true, force: true })
  }
}

function startCloud(env: Record<string, string>, log: string): ChildProcess {
  writeFileSync(log, '')
  const child = spawn(join(root, 'bin/nephos'), ['up'], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => writeFileSync(log, chunk, { flag: 'a' }))
  return child
}

/** The list without the tests that cannot pass yet, each with its reason. */
function choose(part: Part, folder: string): { list: string; left: number } {
  const read = (name: string) =>
    readFileSync(join(root, '.ci', name), 'utf8')
      .split('\n')
      .filter((line) => line.trim() && !line.startsWith('#'))
  const known = new Map(read('tempest-known.txt').map((line) => [line.split(/[\s[]/)[0]!, line.replace(/^\S+\s*/, '')]))
  const all = read(`tempest-${part}.txt`)
  const chosen = all.filter((test) => !known.has(test.split('[')[0]!))
  for (const test of all) if (!chosen.includes(test)) console.log(`  skipped: ${test.split('[')[0]}: ${known.get(test.split('[')[0]!)}`)
  const list = join(folder, 'list.txt')
  writeFileSync(list, `${chosen.join('\n')}\n`)
  return { list, left: all.length - chosen.length }
}

async function tempest(part: Part, list: string, folder: string): Promise<string> {
  let image = guestImage
  if (part === 'smoke' && !existsSync(image)) {
    image = join(folder, 'image.raw')
    writeFileSync(image, Buffer.alloc(2 ** 20))
  }
  const env = {
    ...process.env,
    OS_AUTH_URL: 'http://127.0.0.1:5000/v3',
    OS_USERNAME: 'admin',
    OS_PASSWORD: password,
    OS_PROJECT_NAME: 'admin',
    SUITES_HALF: '1',
    SUITES_IMAGE_V1: '0',
    SUITES_IMAGE_FILE: image,
    SUITES_VALIDATION: part === 'scenario' ? '1' : '0',
  }
  const workspace = join(folder, 'workspace')
  const options = ['--list', list, '--keep', workspace, '--out', join(folder, 'results.tsv'), '--concurrency', part === 'smoke' ? '4' : '1']
  const child = spawn(join(suites, 'tempest/run.sh'), options, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    output += chunk
  })
  await once(child, 'close')
  return output
}

function keep(folder: string, log: string): void {
  writeFileSync(join(folder, 'keep'), '')
  console.log(`kept in ${folder}: ${log}, workspace/tempest.log`)
}
