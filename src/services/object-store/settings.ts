// The operator's file for the object store: `object-store.yaml` in the data folder, or the one that the setting names.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { parse } from 'yaml'
import { type Config, UserError } from '../../config.ts'

const text = Type.String({ minLength: 1, maxLength: 1024 })
const address = Type.String({ pattern: '^https?://[^\\s?#]+$', maxLength: 1024 })
const closed = { additionalProperties: false } as const

const schema = Type.Object(
  {
    /** An S3 service that keeps the bytes of objects; without it they are files of the data folder. */
    backend: Type.Optional(
      Type.Object(
        {
          endpoint: address,
          bucket: text,
          region: Type.Optional(text),
          'access-key': text,
          'secret-key': text,
          'path-style': Type.Optional(Type.Boolean()),
          prefix: Type.Optional(Type.String({ maxLength: 512 })),
        },
        closed,
      ),
    ),
    sync: Type.Optional(
      Type.Object(
        {
          /** Hosts (with a port where it is not the usual one) that containers may be copied to by their address. */
          hosts: Type.Optional(Type.Array(text)),
          realms: Type.Optional(
            Type.Record(
              Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }),
              Type.Object({ key: text, 'old-key': Type.Optional(text), clusters: Type.Record(text, address) }, closed),
            ),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
)

export type ObjectStoreSettings = Static<typeof schema>

const read = new WeakMap<Config, ObjectStoreSettings>()

/** Reads the file, at the start. Throws UserError with a sentence for anything that is not understood. */
export const loadObjectStoreSettings = (config: Config): void => void read.set(config, readFile(config))

/** The settings as they were at the start. */
export const objectStoreSettings = (config: Config): ObjectStoreSettings => read.get(config) ?? {}

function readFile(config: Config): ObjectStoreSettings {
  const path = config.objectStore ?? join(config.dataDir, 'object-store.yaml')
  const fault = (what: string) => new UserError(`The file of the object store ${path}: ${what}.`)
  if (!existsSync(path)) {
    if (config.objectStore) throw new UserError(`The file of the object store ${path} does not exist.`)
    return {}
  }
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    throw fault((error as Error).message.split('\n')[0]!)
  }
  if (!Value.Check(schema, content)) {
    const [first] = Value.Errors(schema, content)
    const where = first?.instancePath.slice(1).replaceAll('/', '.')
    // What no schema names is held against one that is false.
    if (first?.keyword === 'boolean') throw fault(`there is no setting ${where}`)
    throw fault(`${where || 'it'} ${first?.message ?? 'is not understood'}`)
  }
  if ((content.backend || content.sync?.realms) && statSync(path).mode & 0o007)
    throw fault('it holds secrets and can be read by others: chmod o-rwx')
  return content
}
