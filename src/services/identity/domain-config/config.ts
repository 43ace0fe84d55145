// What a request may put into a domain's configuration, and what is told of it.
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import type { DomainOptionRow } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { decryptBlob, encryptBlob } from '../credentials/blob.ts'
import { ensureKnown, invalid, isSecret } from './options.ts'

type Options = Record<string, unknown>
export type DomainConfig = Record<string, Options>

const Scalar = Type.Unsafe<Scalar>({ type: ['string', 'number', 'boolean', 'null'] })
type Scalar = string | number | boolean | null
const Option = Type.Union([Scalar, Type.Array(Scalar)])
/** By group, and in it by option: which there are is in options.ts. */
const Groups = Type.Record(Type.String(), Type.Record(Type.String(), Option))
export const Config = Type.Object({ config: Groups })
/** Of a path with a group: that alone; of one with an option: its value. */
export const ConfigPart = Type.Object({ config: Type.Union([Groups, Type.Record(Type.String(), Option)]) })

export const ConfigBody = Type.Object({ config: Type.Record(Type.String({ maxLength: 255 }), Type.Unsafe<unknown>({})) })

/** Options as they are shown: without the secret ones. */
export function shown(rows: DomainOptionRow[]): DomainConfig {
  const config: DomainConfig = {}
  for (const row of rows) {
    if (row.value_text === null) continue
    config[row.config_group] ??= {}
    config[row.config_group]![row.config_option] = JSON.parse(row.value_text)
  }
  return config
}

/** 404 that names what was asked for. */
export function notConfigured(domainId: string, group?: string, option?: string) {
  const what = option !== undefined ? `option ${option} in group ${group}` : group !== undefined ? `group ${group}` : 'any options'
  return notFound(`Could not find ${what} in domain configuration for domain ${domainId}.`)
}

/** The rows of a configuration; throws 403 for what no domain may have. */
export function rowsOf(cloud: Cloud, domainId: string, config: Record<string, unknown>): DomainOptionRow[] {
  const groups = Object.entries(config)
  if (!groups.length) throw invalid('No options specified')
  return groups.flatMap(([group, options]) => {
    if (options === null || typeof options !== 'object' || Array.isArray(options) || !Object.keys(options).length)
      throw invalid(`The value of group ${group.slice(0, 255)} specified in the config should be a dictionary of options`)
    return Object.entries(options as Options).map(([option, value]) => {
      ensureKnown(group, option)
      if (!isValue(value)) throw invalid(`The value of option ${option} in group ${group} is no text, number, boolean or list`)
      const text = JSON.stringify(value)
      const isHidden = isSecret(group, option)
      return {
        domain_id: domainId,
        config_group: group,
        config_option: option,
        value_text: isHidden ? null : text,
        encrypted_value: isHidden ? encryptBlob(cloud, text) : null,
      }
    })
  })
}

const isScalar = (value: unknown) =>
  value === null || typeof value === 'boolean' || typeof value === 'number' || (typeof value === 'string' && value.length <= 4096)
const isValue = (value: unknown) => isScalar(value) || (Array.isArray(value) && value.length <= 256 && value.every(isScalar))

/**
 * A domain's own options with the secrets, for what acts by them; never for an answer. Unlike upstream's, no text takes a secret in by
 * `%(password)s`: texts are shown and logged.
 */
export function domainConfigWithSecrets(cloud: Cloud, rows: DomainOptionRow[]): DomainConfig {
  const config = shown(rows)
  for (const { config_group, config_option, encrypted_value } of rows) {
    if (encrypted_value === null) continue
    config[config_group] ??= {}
    config[config_group]![config_option] = JSON.parse(decryptBlob(cloud, encrypted_value))
  }
  return config
}
