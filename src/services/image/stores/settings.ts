// The operator's stores: `image-stores.yaml` in the data folder, or the file that the setting names. Without one there is the data folder.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import { type Config, UserError } from '../../../config.ts'
import type { StoreType } from './store.ts'

type Value = string | number | boolean

export interface StoreSettings {
  id: string
  type: StoreType
  description: string
  weight: number
  /** The rest, by name; all that the type needs is there, and of the right kind. */
  text(name: string): string
  number(name: string): number
  flag(name: string): boolean
}

export interface StoresFile {
  stores: StoreSettings[]
  /** Where data goes when nobody says otherwise. */
  defaultId: string
}

type Known = Record<string, { kind: 'text' | 'number' | 'flag'; default?: Value }>

const types: Record<StoreType, Known> = {
  file: { path: { kind: 'text', default: '' } },
  'object-store': { container: { kind: 'text', default: 'images' }, 'part-mib': { kind: 'number', default: 256 } },
  s3: {
    endpoint: { kind: 'text' },
    bucket: { kind: 'text' },
    region: { kind: 'text', default: 'us-east-1' },
    'access-key': { kind: 'text' },
    'secret-key': { kind: 'text' },
    prefix: { kind: 'text', default: '' },
    'path-style': { kind: 'flag', default: true },
    'part-mib': { kind: 'number', default: 16 },
    threads: { kind: 'number', default: 4 },
  },
  rbd: {
    pool: { kind: 'text' },
    user: { kind: 'text', default: 'admin' },
    conf: { kind: 'text', default: '/etc/ceph/ceph.conf' },
    patience: { kind: 'number', default: 20 },
  },
}
const common: Known = { description: { kind: 'text', default: '' }, weight: { kind: 'number', default: 0 } }
const descriptions: Record<StoreType, string> = {
  file: 'Files in a folder of the cloud',
  'object-store': 'The object store of the cloud',
  s3: 'A bucket of an S3 service',
  rbd: 'A pool of a Ceph cluster',
}

const jsType = { text: 'string', number: 'number', flag: 'boolean' } as const

function readStore(id: string, raw: unknown, fault: (text: string) => UserError): StoreSettings {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(id)) throw fault(`'${id}' is no name for a store: letters, digits, dots and dashes`)
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) throw fault(`the store ${id} must be a list of \`setting: value\``)
  const { type, ...given } = raw as Record<string, unknown>
  if (typeof type !== 'string' || !Object.hasOwn(types, type))
    throw fault(`the type of the store ${id} must be one of ${Object.keys(types).join(', ')}`)
  const known: Known = { ...types[type as StoreType], ...common }
  const odd = Object.keys(given).find((name) => !Object.hasOwn(known, name))
  if (odd !== undefined) throw fault(`the store ${id} has no setting ${odd}; it has ${Object.keys(known).join(', ')}`)
  const values = new Map<string, Value>()
  for (const [name, { kind, default: fallback }] of Object.entries(known)) {
    const value = given[name] ?? fallback
    if (value === undefined) throw fault(`the store ${id} needs ${name}`)
    if (typeof value !== jsType[kind]) throw fault(`${name} of the store ${id} must be a ${kind}`)
    if (kind === 'number' && !(Number.isInteger(value) && (value as number) >= 0))
      throw fault(`${name} of the store ${id} must be a whole number`)
    values.set(name, value as Value)
  }
  if (type === 'file' && values.get('path') !== '' && !isAbsolute(values.get('path') as string))
    throw fault(`path of the store ${id} must begin with /`)
  if (type === 's3' && !/^https?:\/\//.test(values.get('endpoint') as string))
    throw fault(`endpoint of the store ${id} must begin with https:// or http://`)
  return {
    id,
    type: type as StoreType,
    description: (values.get('description') as string) || descriptions[type as StoreType],
    weight: values.get('weight') as number,
    text: (name) => values.get(name) as string,
    number: (name) => values.get(name) as number,
    flag: (name) => values.get(name) as boolean,
  }
}

/** Reads the file. Throws UserError with a sentence for anything that is not understood. */
export function readStores(config: Config): StoresFile {
  const path = config.imageStores ?? join(config.dataDir, 'image-stores.yaml')
  const fault = (text: string) => new UserError(`The file of image stores ${path}: ${text}.`)
  if (!existsSync(path)) {
    if (config.imageStores) throw new UserError(`The file of image stores ${path} does not exist.`)
    return { stores: [readStore('file', { type: 'file', description: 'Files in the data folder of the cloud' }, fault)], defaultId: 'file' }
  }
  let content: { default?: unknown; stores?: unknown }
  try {
    content = parse(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    throw fault((error as Error).message.split('\n')[0]!)
  }
  const odd = Object.keys(content).find((key) => key !== 'default' && key !== 'stores')
  if (odd !== undefined) throw fault(`there is no setting ${odd}; it has \`default\` and \`stores\``)
  if (content.stores === null || typeof content.stores !== 'object' || Array.isArray(content.stores))
    throw fault('it must have `stores`, each under its name')
  const stores = Object.entries(content.stores as object).map(([id, raw]) => readStore(id, raw, fault))
  const defaultId = content.default ?? stores[0]?.id
  if (!stores.some(({ id }) => id === defaultId)) throw fault('`default` must name one of its stores')
  const folders = stores.filter(({ type }) => type === 'file').map((store) => store.text('path'))
  if (new Set(folders).size !== folders.length) throw fault('two stores have the same folder')
  if (stores.some(({ type }) => type === 's3') && statSync(path).mode & 0o007)
    throw fault('it holds secrets and can be read by others: chmod o-rwx')
  return { stores, defaultId: defaultId as string }
}
