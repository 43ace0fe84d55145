import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { configWith, loadConfig, settings, UserError, variableOf } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-config-'))
after(() => rmSync(folder, { recursive: true }))

function file(content: string): string {
  const path = join(folder, `${Math.random()}.yaml`)
  writeFileSync(path, content)
  return path
}
const refused = (pattern: RegExp, exitCode?: number) => (error: Error) => {
  assert.ok(error instanceof UserError, `${error}`)
  assert.match(error.message, pattern)
  if (exitCode !== undefined) assert.equal(error.exitCode, exitCode)
  return true
}

test('a flag beats a variable, a variable the file, the file the default', () => {
  const config = file('region: FromFile\nlisten: 127.0.0.9\ntoken-lifetime: 60\n')
  const loaded = loadConfig({ flags: { config, region: 'FromFlag' }, env: { NEPHOS_REGION: 'FromEnv', NEPHOS_LISTEN: '127.0.0.8' } })
  assert.equal(loaded.region, 'FromFlag')
  assert.equal(loaded.listen, '127.0.0.8')
  assert.equal(loaded.tokenLifetime, 60)
  assert.equal(loaded.portOffset, 0)
})

test('the file in the data folder is read without being named', () => {
  writeFileSync(join(folder, 'nephos.yaml'), 'host-route: true\n')
  assert.equal(loadConfig({ env: { NEPHOS_DATA_DIR: folder } }).hostRoute, true)
  assert.equal(configWith({}).hostRoute, false)
})

test('values get their types from text', () => {
  const env = {
    NEPHOS_SINGLE_PORT: '8000',
    NEPHOS_INSTALL_PACKAGES: 'no',
    NEPHOS_MAX_BODY_BYTES: '2M',
    NEPHOS_SEED: '7',
    NEPHOS_LISTEN: '',
  }
  const config = loadConfig({ env: { ...env, NEPHOS_DATA_DIR: folder } })
  assert.equal(config.singlePort, 8000)
  assert.equal(config.installPackages, false)
  assert.equal(config.maxBodyBytes, 2 * 2 ** 20)
  assert.equal(config.seed, '7')
  assert.equal(config.listen, '127.0.0.1')
})

const bad: [string, Parameters<typeof loadConfig>[0], RegExp][] = [
  ['an unknown flag', { flags: { colour: 'red' } }, /no setting --colour/],
  ['an unknown variable', { env: { NEPHOS_DATADIR: '/x' } }, /no setting NEPHOS_DATADIR. Did you mean NEPHOS_DATA_DIR\?/],
  ['an unknown key', { flags: { config: file('regoin: x\n') } }, /no setting regoin. Did you mean region\?/],
  ['a list for a text', { flags: { config: file('region: [a]\n') } }, /region in .* must be a text/],
  ['broken YAML', { flags: { config: file('region: [a\n') } }, /cannot be read/],
  ['a list for the file', { flags: { config: file('- a\n') } }, /must hold lines/],
  ['a missing file', { flags: { config: join(folder, 'nowhere.yaml') } }, /no file/],
  [
    'a word for a port',
    { env: { NEPHOS_SINGLE_PORT: 'eighty' } },
    /NEPHOS_SINGLE_PORT must be a whole number from 1 to 65535, not "eighty"/,
  ],
  ['a port too high', { flags: { singlePort: '70000' } }, /--single-port must be a whole number/],
  ['an unknown choice', { flags: { host: 'xen' } }, /one of auto, linux, fake/],
  ['a name for an address', { flags: { listen: 'localhost' } }, /an IP address/],
  ['a range without length', { flags: { externalCidr: '10.0.0.0' } }, /a network such as/],
  ['a newline', { flags: { region: 'a\nb' } }, /one line/],
  ['a NUL byte', { flags: { dataDir: '/a\0b' } }, /one line/],
]
for (const [what, sources, message] of bad) test(`${what} is refused`, () => assert.throws(() => loadConfig(sources), refused(message)))

test('a wrong flag is a usage error, a wrong file is not', () => {
  assert.throws(() => loadConfig({ flags: { host: 'xen' } }), refused(/--host/, 2))
  assert.throws(() => loadConfig({ flags: { config: file('host: xen\n') } }), refused(/host in/, 1))
})

test('every setting has a sentence and a variable of its own', () => {
  assert.equal(new Set(settings.map(variableOf)).size, settings.length)
  for (const s of settings) assert.match(s.sentence, /\.$/)
})
