// Every kind is scaffolded into a copy of the tree: it compiles there, passes the checks of single files, and its test fails.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { boundaryFaults } from './check/boundaries.ts'
import { detachedFaults } from './check/detached.ts'
import { roleFaults } from './check/roles.ts'

const root = join(import.meta.dirname, '..')

interface Ended {
  code: number
  output: string
}

const run = (cwd: string, program: string, ...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    // What this test was told by its own runner is not for the tests that it runs.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_TEST|NEPHOS_TEST)_/.test(name)))
    execFile(program, args, { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    )
  })
const node = (cwd: string, ...args: string[]) => run(cwd, process.execPath, '--disable-warning=ExperimentalWarning', ...args)

/** A copy of what compiling needs. */
function copyOfTree(): { folder: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-new-'))
  for (const name of [
    'src',
    'migrations',
    'scripts',
    'data',
    'guest-image',
    'bench',
    'package.json',
    'tsconfig.json',
    'biome.json',
    '.gitignore',
  ])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** Arguments, and why the new test fails. */
const all: [args: string, why: RegExp][] = [
  [
    'operation compute/flavors clone --method POST --path /flavors/{flavor_id}/clone',
    /POST \/compute\/v2.1\/flavors\/some-flavor_id\/clone/,
  ],
  ['operation compute/server-groups list-all --method GET --path /os-server-groups/all', /GET \/compute\/v2.1\/os-server-groups\/all/],
  ['action compute/servers pause --catalog compute-v2.1.servers-admin-actions.pause-server', /some-server_id\/action/],
  ['resource compute/volume-boxes', /POST \/compute\/v2.1\/volume-boxes/],
  ['resource network/trunks', /POST \/network\/v2.0\/trunks/],
  ['resource identity/policies-of-things', /POST \/identity\/v3\/policies-of-things/],
  ['resource image/series', /POST \/image\/v2\/series/],
  ['task compute/servers suspend', /compute\.server\.suspend/],
  ['document-kind volumes', /A volume is not planned yet/],
  ['service message-queue --port 8888 --path v2', /0 !== 1/],
  ['microversion compute 2.999', /GET \/compute\/v2.1\//],
  ['migration add-volumes', /actual[\s\S]*add-volumes/],
]

test('what is scaffolded compiles, passes the checks, and has a test that fails until it is built', { timeout: 300_000 }, async () => {
  using tree = copyOfTree()
  const { folder } = tree
  const written: { paths: string[]; why: RegExp; args: string }[] = []
  for (const [args, why] of all) {
    const { code, output } = await node(folder, 'scripts/new.ts', ...args.split(' '))
    assert.equal(code, 0, `${args}: ${output}`)
    assert.match(output, new RegExp(`docs/checklists/${args.split(' ')[0]}.md`))
    written.push({ args, why, paths: [...output.matchAll(/^wrote (\S+)$/gm)].map(([, path]) => path!) })
  }
  const paths = written.flatMap((one) => one.paths)
  assert.ok(written.every((one) => one.paths.length > 0))
  assert.deepEqual(await run(folder, 'node_modules/.bin/tsc', '-p', '.', '--pretty', 'false'), { code: 0, output: '' })
  const biome = await run(folder, 'node_modules/.bin/biome', 'check', '--error-on-warnings', '--diagnostic-level=warn', ...paths)
  assert.equal(biome.code, 0, biome.output)
  for (const path of paths) {
    const source = readFileSync(join(folder, path), 'utf8')
    assert.doesNotMatch(source, /\{\{|undefined_|NaN/, path)
    assert.deepEqual([...boundaryFaults(path, source), ...detachedFaults(path, source), ...roleFaults(path, source)], [])
  }
  const tests = paths.filter((path) => path.endsWith('.test.ts'))
  assert.equal(tests.length, all.length)
  const { output } = await node(folder, '--test', '--test-isolation=none', '--test-reporter=tap', ...tests)
  assert.match(output, /^# pass 0$/m, output)
  for (const { args, why } of written) assert.match(output, why, args)
})

test('what cannot be is refused, and nothing is written over', async () => {
  using tree = copyOfTree()
  const refused: [args: string, why: RegExp][] = [
    ['', /say what/],
    ['constructor x', /no kind constructor/],
    ['operation compute/flavors', /operation SERVICE\/RESOURCE VERB/],
    ['operation compute/flavors create --method POST --path /flavors', /flavors\/create\.ts.*already there/],
    ['operation compute/flavors clone', /say --catalog/],
    ['operation compute/flavors clone --catalog compute-v2.1.servers.no-such', /has no compute-v2.1.servers.no-such/],
    ['operation compute/ghosts list --method GET --path /ghosts', /make it first/],
    ['operation ../../tmp list --method GET --path /', /write SERVICE\/RESOURCE/],
    ['action compute/flavors pause', /no resource with a path/],
    ['resource nowhere/things', /there is no service nowhere.*compute, identity/],
    ['resource object-store/things', /no ListStyle/],
    ['service compute --port 1', /say --port/],
    ['microversion image 2.1', /no microversions/],
    ['microversion compute next', /write a microversion/],
    ['migration Add_Volumes', /lower case words/],
    ['migration add --colour red', /Unknown option/],
  ]
  for (const [args, why] of refused) {
    const { code, output } = await node(tree.folder, 'scripts/new.ts', ...args.split(' ').filter(Boolean))
    assert.deepEqual([code, why.test(output)], [2, true], `${args}: ${output}`)
  }
  const help = await node(tree.folder, 'scripts/new.ts', '--help')
  assert.equal(help.code, 0)
  for (const kind of ['operation', 'action', 'resource', 'task', 'document-kind', 'service', 'microversion', 'migration'])
    assert.match(help.output, new RegExp(`^ {2}${kind} `, 'm'))
})
