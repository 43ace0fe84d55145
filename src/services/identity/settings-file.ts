// A file of the operator's beside the settings, in YAML, read once at the start. What is wrong with it is told with its name.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { Static, TSchema } from 'typebox'
import { parse } from 'yaml'
import { Fault } from '../../api/faults.ts'
import { validator } from '../../api/validate.ts'
import { Secret } from '../../auth/secret.ts'
import { UserError } from '../../config.ts'

/** The content, or null when the file was not `named` and is not there. Throws UserError. */
export function readSettingsFile<S extends TSchema>(path: string, named: boolean, schema: S): Static<S> | null {
  if (!existsSync(path)) {
    if (named) throw new UserError(`The file ${path} does not exist.`)
    return null
  }
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${(error as Error).message.split('\n')[0]}`)
  }
  try {
    validator(schema, false).check(content, 'body')
  } catch (error) {
    if (error instanceof Fault) throw new UserError(`${path}: ${inWords(error.message)}.`)
    throw error
  }
  return content as Static<S>
}

/** As a file's reader wants it, what a request would hear. */
const inWords = (message: string) =>
  message
    .replace('Invalid input for field/attribute ', '')
    .replace(/^body\. /, '')
    .replace(/^(\S+\. )?Additional properties are not allowed \('(.+)' was unexpected\)/, '$1there is no setting $2')

/** What stands in a file named in such a file, whose folder it may be relative to: a secret, without the line's end. Throws UserError. */
export function readSecret(settingsPath: string, name: string): Secret {
  const path = isAbsolute(name) ? name : join(dirname(settingsPath), name)
  try {
    const secret = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (secret) return new Secret(secret)
  } catch (error) {
    throw new UserError(`${settingsPath}: the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  throw new UserError(`${settingsPath}: the file ${path} is empty.`)
}
