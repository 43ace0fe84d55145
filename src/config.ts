// Every setting: name, type, default, sentence. Read once, in the order flag, environment, file, default; nothing is read when
// this module is imported. docs/config.md is generated from the table.
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { type AccountConfig, accountSettings } from './config-accounts.ts'
import { type HostConfig, hostSettings } from './config-hosts.ts'
import { type ImageConfig, imageSettings } from './config-images.ts'
import { type ObjectStoreConfig, objectStoreSettings } from './config-object-store.ts'
import { postgresFault, programFolder, readValue } from './config-values.ts'
import { nearest } from './nearest.ts'

export interface Config extends HostConfig, AccountConfig, ImageConfig, ObjectStoreConfig {
  dataDir: string
  host: 'auto' | 'linux' | 'fake'
  adminPassword: string | null
  demo: boolean
  demoPassword: string | null
  guestImage: string
  databaseUrl: string | null
  listen: string
  publicHost: string | null
  singlePort: number | null
  portOffset: number
  /** Addresses and networks, with commas between them. */
  trustedProxies: string
  maxConnections: number
  maxConnectionsPerAddress: number
  /** Null: the usual one, or a free one where that is taken. */
  metricsPort: number | null
  seed: string | null
  region: string
  /** Seconds. */
  tokenLifetime: number
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  logFormat: 'pretty' | 'json'
  installPackages: boolean
  policyFile: string | null
  federationFile: string | null
  directoryFile: string | null
  domainConfigurationsFromDatabase: boolean
  passwordHash: 'scrypt'
  /** log2 of scrypt's N. */
  passwordCost: number
  maxBodyBytes: number
  checkAnswers: boolean
  /** Seconds. */
  eventsKept: number
}

/** What the user did wrong, in a sentence that names the mend. The command line prints it without a stack trace. */
export class UserError extends Error {
  /** 1: it failed; 2: the command was not understood. */
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.name = 'UserError'
    this.exitCode = exitCode
  }
}

export type SettingType =
  | 'text'
  | 'path'
  | 'address'
  | 'host'
  | 'cidr'
  | 'cidrs'
  | 'boolean'
  | 'bytes'
  | { oneOf: readonly string[] }
  | { from: number; to: number }
  /** A text of a form of its own: `kind` in the documentation; `fault` says what it must be when it is not, and what may have been meant. */
  | { kind: string; fault(text: string): [wanted: string, meant?: string] | undefined }

export interface Setting<Name extends keyof Config = keyof Config> {
  name: Name
  type: SettingType
  /** A function where it depends on the machine; `shown` is then what the documentation says. */
  default: Config[Name] | (() => Config[Name])
  shown?: string
  /** Value name in the help. */
  argument: string
  sentence: string
}

const setting = <Name extends keyof Config>(
  name: Name,
  type: SettingType,
  value: Setting<Name>['default'],
  argument: string,
  sentence: string,
  shown?: string,
) => ({ name, type, default: value, argument, sentence, shown }) as Setting

const isRoot = () => process.getuid?.() === 0

export const settings: readonly Setting[] = [
  setting(
    'dataDir',
    'path',
    () => (isRoot() ? '/var/lib/nephos' : join(homedir(), '.local/share/nephos')),
    'FOLDER',
    'Where everything is kept: database, secrets, images, disks, logs.',
    '`/var/lib/nephos` as root, else `~/.local/share/nephos`',
  ),
  setting(
    'host',
    { oneOf: ['auto', 'linux', 'fake'] },
    'auto',
    'KIND',
    '`linux` runs real guests and networks, `fake` has no machine, `auto` takes linux where it can.',
  ),
  setting(
    'adminPassword',
    'text',
    null,
    'PASSWORD',
    'Password of the user admin, used at the first start. As a flag it can be seen in the list of processes.',
    'random at the first start',
  ),
  setting(
    'demo',
    'boolean',
    true,
    '',
    'Make a project and a user `demo` and a public guest image at the first start; what of it is deleted later stays so.',
  ),
  setting(
    'demoPassword',
    'text',
    null,
    'PASSWORD',
    'Password of the user demo, used at the first start. As a flag it can be seen in the list of processes.',
    'random at the first start',
  ),
  setting(
    'guestImage',
    'path',
    () => join(programFolder(), '.cache/guest-image/nephos-guest.qcow2'),
    'FILE',
    'The guest image of the first start on a real host, where the file is there.',
    'the one that `npm start` builds',
  ),
  setting(
    'databaseUrl',
    { kind: 'address', fault: postgresFault },
    null,
    'URL',
    'PostgreSQL as `postgres://user:password@host/database`.',
    'SQLite in the data folder',
  ),
  setting('listen', 'address', '127.0.0.1', 'ADDRESS', 'Address that the services listen on.'),
  setting(
    'publicHost',
    'host',
    null,
    'NAME',
    'Name or address by which clients reach this cloud, for the links in the catalog.',
    'the listening address',
  ),
  setting(
    'singlePort',
    { from: 0, to: 65535 },
    null,
    'PORT',
    'Serve all services on this one port under path prefixes (`/identity`, `/compute` ...); 0 takes a free one.',
    'each service on its own port',
  ),
  setting('portOffset', { from: 0, to: 25000 }, 0, 'N', 'Added to the default port of every service, for several clouds on one machine.'),
  setting(
    'trustedProxies',
    'cidrs',
    '',
    'LIST',
    'Proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are believed: addresses and networks with commas between them.',
    'none',
  ),
  setting(
    'maxConnections',
    { from: 10, to: 1_000_000 },
    10_000,
    'N',
    'Connections to each port together; idle ones make room for new ones.',
  ),
  setting(
    'maxConnectionsPerAddress',
    { from: 1, to: 1_000_000 },
    2000,
    'N',
    'Connections to each port by one address that is no trusted proxy.',
  ),
  setting(
    'metricsPort',
    { from: 0, to: 65535 },
    null,
    'PORT',
    'Loopback port of `/metrics` and `/healthz`; 0 serves neither.',
    '9464 (and `port-offset`), or a free one where that is taken',
  ),
  setting(
    'seed',
    'text',
    null,
    'TEXT',
    'Makes ids and secrets repeatable, for tests. Never for a cloud that holds real secrets.',
    'true randomness',
  ),
  setting('region', 'text', 'RegionOne', 'NAME', 'Name of the region in the catalog.'),
  setting('tokenLifetime', { from: 1, to: 10 * 365 * 86400 }, 86400, 'SECONDS', 'How long a token is valid.'),
  setting('logLevel', { oneOf: ['debug', 'info', 'warn', 'error', 'silent'] }, 'info', 'LEVEL', 'The least level that is logged.'),
  setting('logFormat', { oneOf: ['pretty', 'json'] }, 'pretty', 'FORMAT', '`pretty` for people, `json` for programs.'),
  setting('installPackages', 'boolean', true, '', 'Install missing host packages with apt at the start (as root, on Debian and Ubuntu).'),
  ...hostSettings,
  setting(
    'policyFile',
    'path',
    null,
    'FILE',
    "The operator's policy rules, laid over the built-in ones.",
    '`policy.yaml` in the data folder, when it is there',
  ),
  setting(
    'federationFile',
    'path',
    null,
    'FILE',
    'The OpenID Connect providers that this cloud is a client of, and the dashboards that logins may come from: see `docs/federation.md`.',
    '`federation.yaml` in the data folder, when it is there',
  ),
  setting(
    'directoryFile',
    'path',
    null,
    'FILE',
    'The LDAP directories whose users and groups are those of a domain: see `docs/federation.md`.',
    '`directory.yaml` in the data folder, when it is there',
  ),
  setting(
    'domainConfigurationsFromDatabase',
    'boolean',
    false,
    '',
    'Administrators of the API may give a domain the users and groups of an LDAP directory (`/v3/domains/ID/config`): see `docs/federation.md`.',
  ),
  setting('passwordHash', { oneOf: ['scrypt'] }, 'scrypt', 'NAME', 'How passwords are hashed.'),
  setting('passwordCost', { from: 1, to: 20 }, 15, 'LOG2N', 'Cost of a password hash: log2 of scrypt’s N.'),
  ...accountSettings,
  ...imageSettings,
  setting(
    'checkAnswers',
    'boolean',
    false,
    '',
    'For development: an answer that does not fit its declared schema is a 500, and the log says why.',
  ),
  setting(
    'eventsKept',
    { from: 60, to: 10 * 365 * 86400 },
    86400,
    'SECONDS',
    'How long what happened (`nephos events`) is kept, and longer where a part of the cloud has not read it yet.',
  ),
  setting('maxBodyBytes', 'bytes', 2 ** 20, 'BYTES', 'Largest JSON body of a request; `K`, `M` and `G` may follow the number.'),
  ...objectStoreSettings,
]

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
/** `dataDir` to `data-dir`: the flag without its dashes, and the key in the file. */
export const flagOf = (setting: { name: string }): string => kebab(setting.name)
/** `dataDir` to `NEPHOS_DATA_DIR`. */
export const variableOf = (setting: { name: string }): string => `NEPHOS_${kebab(setting.name).replaceAll('-', '_').toUpperCase()}`
/** The file of settings, when `--config` and NEPHOS_CONFIG do not name one: in the data folder. */
export const configFileName = 'nephos.yaml'

export interface ConfigSources {
  /** By setting name (`dataDir`), text or already of the right type; `config` names the file. Undefined counts as not given. */
  flags?: Record<string, unknown>
  /** Usually process.env. */
  env?: Record<string, string | undefined>
}

/** Reads all settings. Throws UserError for an unknown key, an ill-typed value, or a named file that is not there. */
export function loadConfig({ flags = {}, env = {} }: ConfigSources = {}): Config {
  const { config: flagFile, ...given } = flags
  const variables = fromEnvironment(env)
  const known = new Map(settings.map((s) => [s.name as string, s]))
  for (const name of Object.keys(given))
    if (!known.has(name)) throw new UserError(`There is no setting --${kebab(name)}.${nearest(name, settings.map(flagOf))}`, 2)

  const pick = (s: Setting, file: Map<string, unknown>): unknown => {
    if (given[s.name] !== undefined) return readValue(s, given[s.name], `--${flagOf(s)}`)
    if (variables.has(s.name)) return readValue(s, variables.get(s.name), variableOf(s))
    if (file.has(s.name)) return readValue(s, file.get(s.name), `${flagOf(s)} in ${file.get('')}`)
    return typeof s.default === 'function' ? s.default() : s.default
  }
  const dataDir = pick(known.get('dataDir')!, new Map()) as string
  const named = flagFile ?? (env.NEPHOS_CONFIG || undefined)
  const file = fromFile(named === undefined ? join(dataDir, configFileName) : resolve(String(named)), named !== undefined)
  return Object.fromEntries(settings.map((s) => [s.name, pick(s, file)])) as unknown as Config
}

/** The defaults with `changes`, read from nowhere: for tests and tools. */
export function configWith(changes: Partial<Config> = {}): Config {
  return { ...loadConfig({ flags: { dataDir: '/nonexistent' } }), ...changes }
}

function fromEnvironment(env: Record<string, string | undefined>): Map<string, string> {
  const byVariable = new Map(settings.map((s) => [variableOf(s), s.name]))
  const found = new Map<string, string>()
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('NEPHOS_') || variable === 'NEPHOS_CONFIG' || /^NEPHOS_(TEST|BENCH)_/.test(variable) || !value) continue
    const name = byVariable.get(variable)
    if (!name) throw new UserError(`There is no setting ${variable}.${nearest(variable, [...byVariable.keys()])}`, 2)
    found.set(name, value)
  }
  return found
}

/** They say who may do what on the machine: the control process, whose folder this is, must not choose for root. */
const powerful: ReadonlySet<string> = new Set<keyof Config>(['controlUid', 'guestUids'])

/** Values by setting name; the empty key holds the path. */
function fromFile(path: string, mustExist: boolean): Map<string, unknown> {
  const found = new Map<string, unknown>([['', path]])
  if (!existsSync(path)) {
    if (mustExist) throw new UserError(`There is no file ${path}.`, 2)
    return found
  }
  let content: unknown
  let isRoots = false
  try {
    const file = openSync(path, 'r')
    try {
      isRoots = fstatSync(file).uid === 0
      content = parse(readFileSync(file, 'utf8')) ?? {}
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${(error as Error).message.split('\n')[0]}`)
  }
  if (typeof content !== 'object' || Array.isArray(content)) throw new UserError(`${path} must hold lines of the form \`setting: value\`.`)
  const byKey = new Map(settings.map((s) => [flagOf(s), s.name]))
  for (const [key, value] of Object.entries(content as object)) {
    const name = byKey.get(key)
    if (!name) throw new UserError(`${path}: there is no setting ${key}.${nearest(key, [...byKey.keys()])}`)
    if (name === 'dataDir') throw new UserError(`${path}: data-dir is given by flag or by NEPHOS_DATA_DIR.`)
    if (powerful.has(name) && process.getuid?.() === 0 && !isRoots)
      throw new UserError(`${path}: ${key} counts for root only in a file of root's own. Mend: look at the file, then chown root ${path}`)
    if (value !== null) found.set(name, value)
  }
  return found
}
