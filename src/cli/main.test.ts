import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Command } from 'commander'
import { nephosProgram } from './clone.ts'
import { aptRefusal, findProgram } from './host-programs.ts'
import { createProgram } from './main.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-cli-'))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Result {
  code: number
  out: string
  err: string
}

const nephos = (...args: string[]): Promise<Result> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: folder, NEPHOS_DATA_DIR: join(folder, 'data') }
    execFile(nephosProgram(), args, { env, timeout: 120_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    )
  })

test('the help names every command and the exit codes', async () => {
  const { code, out } = await nephos('--help')
  assert.equal(code, 0)
  for (const name of ['up', 'agent', 'down', 'service', 'status', 'doctor', 'env', 'reset', 'image', 'db', 'connect', 'ssh', 'completion'])
    assert.match(out, new RegExp(`^ {2}${name}\\b`, 'm'))
  assert.match(out, /0 done, 1 failed, 2 not understood/)
})

const misunderstood = [
  [],
  ['frob'],
  ['up', '--frob'],
  ['connect'],
  ['connect', '10.0.0.1', 'ssh'],
  ['up', '--host', 'xen'],
  ['completion', 'csh'],
  ['status', 'more'],
  ['service', 'frob'],
  ['down', '--timeout', 'soon'],
  ['ssh'],
  ['db', 'migrate', '--frob'],
]
for (const args of misunderstood) {
  test(`nephos ${args.join(' ')} is a usage error without a stack trace`, async () => {
    const { code, out, err } = await nephos(...args)
    assert.equal(code, 2, err)
    if (args.length) assert.match(err, /^nephos: /)
    assert.doesNotMatch(err + out, /^\s+at /m)
  })
}

for (const args of [['status'], ['env'], ['connect', '10.0.0.1', '22'], ['ssh', 'web']]) {
  test(`nephos ${args.join(' ')} without a cloud fails with one sentence`, async () => {
    const { code, err } = await nephos(...args)
    assert.equal(code, 1)
    assert.match(err, /^nephos: .*(No cloud|There is no).*\n$/)
  })
}

test('a file of settings that cannot be read is one sentence', async () => {
  writeFileSync(join(folder, 'bad.yaml'), 'regoin: x\n')
  const { code, err } = await nephos('up', '--config', join(folder, 'bad.yaml'))
  assert.equal(code, 1)
  assert.match(err, /^nephos: .*Did you mean region\?\n$/)
})

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`the completion for ${shell} is a script that it reads`, async (t) => {
    const { code, out } = await nephos('completion', shell)
    assert.equal(code, 0)
    assert.match(out, /status/)
    if (!findProgram(shell)) return t.skip(`${shell} is not here`)
    const { status, stderr } = spawnSync(findProgram(shell)!, ['-n'], { input: out, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
}

test('bash completes commands, subcommands and flags', async () => {
  const { out } = await nephos('completion', 'bash')
  const complete = (...words: string[]) => {
    const script = `${out}\nCOMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _nephos; echo "\${COMPREPLY[*]}"`
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim()
  }
  assert.equal(complete('nephos', 'sta'), 'status')
  assert.equal(complete('nephos', 'db', 'm'), 'migrate')
  assert.equal(complete('nephos', 'up', '--single'), '--single-port')
})

test('packages are installed on Debian and its kin only', () => {
  assert.match(aptRefusal('ID=fedora\n')!, /neither Debian nor Ubuntu/)
  assert.notEqual(aptRefusal('ID=ubuntu\nID_LIKE=debian\n'), 'this is neither Debian nor Ubuntu')
  assert.notEqual(aptRefusal('ID=mint\nID_LIKE="ubuntu debian"\n'), 'this is neither Debian nor Ubuntu')
})

test('the help of every command has an example', () => {
  const leaves = (command: Command): Command[] => (command.commands.length ? command.commands.flatMap(leaves) : [command])
  for (const command of leaves(createProgram())) {
    let text = ''
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
    assert.match(text, new RegExp(`Examples?:\\n {2}nephos (\\w+ )?${command.name()}`), command.name())
  }
})
