// Properties that the operator gives to every image that a user imports.
import { type Config, UserError } from '../../../config.ts'
import { checkName, checkValue, isField } from '../images/schema.ts'

/** Those of the setting `importProperties`; undefined without any. Throws UserError for a list that is none. */
export function injectedProperties({ importProperties }: Pick<Config, 'importProperties'>): Record<string, string> | undefined {
  if (importProperties === null) return undefined
  const pairs = importProperties.split(',').map((part) => {
    const at = part.indexOf('=')
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const
  })
  for (const [name, value] of pairs) {
    const refuse = (why: string) => new UserError(`import-properties: '${name}' ${why}.`)
    if (!name || !value) throw new UserError('import-properties must be a list such as `source=import,checked=no`.')
    if (isField(name)) throw refuse('is a field of every image')
    try {
      checkName(name)
      checkValue(name, value)
    } catch {
      throw refuse('cannot be a property')
    }
  }
  return Object.fromEntries(pairs)
}
