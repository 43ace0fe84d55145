// What a request may put into a domain's configuration, and what is told of it.
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import type { DomainOptionRow } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { decryptBlob, encryptBlob } from '../credentials/blob.ts'
import { ensureKnown, invalid, isSecret } from './options.ts'
import { domainOptions } from './store.ts'

type Options = Record<string, unknown>
export type DomainConfig = Record<string, Options>

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
 * A domain's own options with the secrets, for what acts by them: `%(password)s` in a text is replaced by the secret option of that
 * name, as upstream does. Never for an answer.
 */
export async function domainConfigWithSecrets(cloud: Cloud, db: Db, domainId: string): Promise<DomainConfig> {
  const rows = await domainOptions(db, domainId)
  const secrets = new Map(
    rows.flatMap((row) =>
      row.encrypted_value === null ? [] : [[row.config_option, JSON.parse(decryptBlob(cloud, row.encrypted_value)) as unknown]],
    ),
  )
  const config = shown(rows)
  for (const options of Object.values(config)) {
    for (const [option, value] of Object.entries(options)) {
      if (typeof value === 'string')
        options[option] = value.replace(/%\((\w+)\)s/g, (whole, name: string) => (secrets.has(name) ? String(secrets.get(name)) : whole))
    }
  }
  for (const row of rows) {
    if (row.encrypted_value === null) continue
    config[row.config_group] ??= {}
    config[row.config_group]![row.config_option] = secrets.get(row.config_option)
  }
  return config
}
