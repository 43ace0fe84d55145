import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { configWith, loadConfig, settings, UserError, variableOf } from './config.ts'
import { fakeSteps } from './config-faults.ts'

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
    /NEPHOS_SINGLE_PORT must be a whole number from 0 to 65535, not "eighty"/,
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

for (const [word, meant] of [
  ['NEPHOS_DATA', 'NEPHOS_DATA_DIR'],
  ['NEPHOS_SINGEL_PORT', 'NEPHOS_SINGLE_PORT'],
  ['NEPHOS_METRICS', 'NEPHOS_METRICS_PORT'],
] as const)
  test(`${word} suggests ${meant}`, () =>
    assert.throws(() => loadConfig({ env: { [word]: '1' } }), refused(new RegExp(`no setting ${word}\\. Did you mean ${meant}\\?`), 2)))

test('a key of the file is suggested whatever its dashes and case; a part of a name suggests those that have it', () => {
  for (const key of ['single_port', 'singlePort', 'SINGLE-PORT', 'sinle-prt'])
    assert.throws(() => loadConfig({ flags: { config: file(`${key}: 1\n`) } }), refused(/Did you mean single-port\?/, 1))
  assert.throws(() => loadConfig({ flags: { config: file('port: 1\n') } }), refused(/Did you mean (\w+-port|port-offset)( or [\w-]+){2}\?/))
  assert.throws(() => loadConfig({ flags: { config: file('zzzzzz: 1\n') } }), refused(/there is no setting zzzzzz\.$/))
})

const wrongValues: [string, string, RegExp][] = [
  ['host', 'lunix', /one of auto, linux, fake, not "lunix"\. Did you mean linux\?/],
  ['logLevel', 'warning', /Did you mean warn\?/],
  ['fakeFaults', 'quux', /must be kind\.step or kind\.step:times/],
  ['fakeFaults', 'guest.start:', /must be kind\.step/],
  ['fakeFaults', 'guest.start:-1', /must be kind\.step/],
  ['fakeFaults', 'guest.start:0', /at least once/],
  ['fakeFaults', 'port.plug,', /must be kind\.step/],
  ['fakeFaults', 'guest.strat:2', /not "guest\.strat:2"\. Did you mean guest\.start\?/],
  ['fakeFaults', 'volume.attach', /of the steps network\.apply/],
  ['fakeDelay', '1s', /whole number/],
  ['fakeDelay', '-1', /whole number/],
  ['tokenLifetime', '1h', /whole number/],
  ['maxBodyBytes', '1T', /number of bytes/],
  ['seed', '', /not empty/],
  ['dataDir', '', /^--data-dir must be not empty/],
  ['policyFile', '', /not empty/],
  ['databaseUrl', 'mysql://u:secret@h/d', /^--database-url must be an address such as (?!.*secret)/],
  ['databaseUrl', 'postgres:u@h/d', /must be an address/],
  ['importSchemes', 'ftp', /http, https/],
  ['importPorts', 'http', /numbers of ports/],
]
for (const [name, value, message] of wrongValues)
  test(`${name} ${JSON.stringify(value)} is a usage error that says what is right`, () =>
    assert.throws(() => loadConfig({ flags: { [name]: value } }), refused(message, 2)))

test('a plan of faults of every form is taken', () => {
  for (const plan of ['guest.start', 'guest.start:2', 'port.plug:*', 'guest.start:1, port.plug:*,router.apply'])
    assert.equal(loadConfig({ flags: { fakeFaults: plan } }).fakeFaults, plan)
})

test('the steps that a plan may name are those of the fake host', async () => {
  const { createFakeHost } = await import('./host/fake/fake-host.ts')
  const { createEnvironment } = await import('./environment.ts')
  const host = createFakeHost({ name: 'x', environment: createEnvironment(), delayMs: 0, faults: null })
  const found = new Set<string>()
  const want = (more: object) => ({ power: 'running', disks: [], nics: [], channels: [], metadata: {}, ...more }) as never
  const have = (power: string) => ({ spec: want({}), power, console: '' }) as never
  const nic = { portId: 'p', mac: 'm', mtu: 1500 }
  const plugged = { spec: want({ nics: [nic] }), power: 'running', console: '' } as never
  for (const [kind, driver] of Object.entries(host.drivers)) {
    const plans =
      kind === 'guest'
        ? [
            [want({}), undefined],
            [want({ name: 'other', power: 'off' }), have('running')],
            [want({ nics: [{ ...nic, portId: 'q' }] }), plugged],
            [undefined, have('running')],
          ]
        : [
            [{}, undefined],
            [undefined, '{}'],
          ]
    for (const [wanted, now] of plans)
      for (const step of driver.plan('id', wanted as never, now as never)) found.add(`${kind}.${step.name}`)
    for (const job of Object.keys(driver.jobs)) found.add(`${kind}.${job}`)
  }
  assert.deepEqual([...found].sort(), [...fakeSteps].sort())
})
