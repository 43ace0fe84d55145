// From the configuration that the API gave a domain, in upstream's options, to the settings of its directory. What is not built is refused, not
// passed over: an option that has no effect could be the one that keeps somebody out.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '../../../auth/secret.ts'
import type { DomainConfig } from '../domain-config/config.ts'
import { readable } from '../domain-config/options.ts'
import { type DirectorySettings, isInClear, type Tree } from './settings.ts'

/** The configuration cannot be used; the message ends a sentence that begins with the domain. */
export class ConfigurationFault extends Error {}

const refreshMs = 60_000
const timeoutMs = 10_000
const attribute = /^[A-Za-z][A-Za-z0-9;.-]*$/
const aliases = { default: 'never', never: 'never', always: 'always', searching: 'search', finding: 'find' } as const

/** Options that ask for what is not built unless they have one of these values. */
const only: Record<string, readonly unknown[]> = {
  chase_referrals: [null, false],
  user_default_project_id_attribute: [null, ''],
  user_enabled_emulation: [false],
  tls_cacertdir: [null, ''],
  tls_req_cert: ['demand'],
}

/** The settings where the domain's driver is `ldap`, null where it is not. `caFolder` has the certificates that options name. Throws ConfigurationFault. */
export function directorySettings(config: DomainConfig, domain: string, caFolder: string): DirectorySettings | null {
  const driver = config.identity?.driver ?? 'sql'
  if (driver === 'sql') return null
  if (driver !== 'ldap') throw new ConfigurationFault(`there is no driver ${String(driver).slice(0, 60)}, only sql and ldap`)
  if (![undefined, null, ''].includes(config.identity?.list_limit as never)) throw new ConfigurationFault('list_limit has no effect here')
  const given = config.ldap ?? {}
  const option = (name: string) => given[name] ?? readable.ldap![name] ?? null
  const text = (name: string): string => {
    const value = option(name)
    if (Array.isArray(value) || typeof value === 'boolean') throw new ConfigurationFault(`${name} is a text`)
    return value === null ? '' : String(value)
  }
  const flag = (name: string): boolean => {
    const value = String(option(name)).toLowerCase()
    if (!['true', 'false'].includes(value)) throw new ConfigurationFault(`${name} is true or false`)
    return value === 'true'
  }
  const count = (name: string): number => {
    const value = Number(option(name))
    if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) throw new ConfigurationFault(`${name} is a whole number`)
    return value
  }
  const list = (name: string): string[] => {
    const value = option(name) ?? []
    return Array.isArray(value) ? value.map(String) : String(value).split(',').filter(Boolean)
  }
  const named = (name: string): string => {
    const value = text(name)
    if (!attribute.test(value)) throw new ConfigurationFault(`${name} is the name of an attribute`)
    return value
  }
  const oneOf = <T extends string>(name: string, values: readonly T[]): T => {
    const value = text(name) as T
    if (!values.includes(value)) throw new ConfigurationFault(`${name} is ${values.join(' or ')}`)
    return value
  }
  for (const [name, values] of Object.entries(only)) {
    const value = typeof values[0] === 'boolean' || values[1] === false ? (option(name) === null ? null : flag(name)) : option(name)
    if (!values.includes(value)) throw new ConfigurationFault(`${name} is not built`)
  }
  for (const kind of ['user', 'group'])
    if (list(`${kind}_additional_attribute_mapping`).length)
      throw new ConfigurationFault(`${kind}_additional_attribute_mapping is not built`)

  const tree = (kind: 'user' | 'group', unit: string): Tree => ({
    tree: text(`${kind}_tree_dn`) || `${unit},${text('suffix')}`,
    filter: text(`${kind}_filter`),
    objectClass: named(`${kind}_objectclass`),
    id: named(`${kind}_id_attribute`),
    name: named(`${kind}_name_attribute`),
    description: named(kind === 'user' ? 'user_description_attribute' : 'group_desc_attribute'),
  })
  const ignored = list('user_attribute_ignore')
  const mask = count('user_enabled_mask')
  const [dn, password] = [text('user'), text('password')]
  if (!dn !== !password) throw new ConfigurationFault('user and password belong together')
  return {
    domain,
    ...connection(text('url'), flag('use_tls'), certificate(text('tls_cacertfile'), caFolder)),
    bind: dn ? { dn, password: new Secret(password) } : null,
    timeoutMs,
    pageSize: count('page_size') || null,
    scope: oneOf('query_scope', ['one', 'sub']),
    aliases: aliases[oneOf('alias_dereferencing', Object.keys(aliases) as (keyof typeof aliases)[])],
    refreshMs,
    users: {
      ...tree('user', 'ou=Users'),
      mail: named('user_mail_attribute'),
      enabled: ignored.includes('enabled')
        ? null
        : {
            attribute: named('user_enabled_attribute'),
            mask,
            invert: !mask && flag('user_enabled_invert'),
            otherwise: text('user_enabled_default'),
          },
    },
    groups: {
      ...tree('group', 'ou=UserGroups'),
      mayLack: !text('group_tree_dn'),
      member: named('group_member_attribute'),
      membersAreIds: flag('group_members_are_ids'),
    },
  }
}

function connection(url: string, startTls: boolean, ca: string | null): Pick<DirectorySettings, 'url' | 'startTls' | 'ca'> {
  if (!/^ldaps?:\/\/[^/?#\s,]+\/?$/.test(url) || !URL.canParse(url))
    throw new ConfigurationFault('url is one address, ldap://HOST or ldaps://HOST')
  if (startTls && url.startsWith('ldaps:')) throw new ConfigurationFault('use_tls is for ldap://, ldaps:// is encrypted already')
  if (isInClear(url, startTls)) throw new ConfigurationFault('passwords would go to the url in clear: it needs ldaps:// or use_tls')
  return { url, startTls, ca }
}

/** Only what lies in the operator's folder is read, whatever the API names. */
function certificate(name: string, folder: string): string | null {
  if (!name) return null
  if (!/^[\w][\w.-]{0,254}$/.test(name))
    throw new ConfigurationFault('tls_cacertfile is the name of a file in the folder `ca` of the data folder')
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    throw new ConfigurationFault(`the file ${name} in the folder \`ca\` of the data folder, which tls_cacertfile names, cannot be read`)
  }
}
