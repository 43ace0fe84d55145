// directory.yaml: the LDAP directories whose users and groups are those of a domain.

import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Closed } from '../../../api/types.ts'
import type { Secret } from '../../../auth/secret.ts'
import { type Config, UserError } from '../../../config.ts'
import { readSecret, readSettingsFile } from '../settings-file.ts'

const Text = Type.String({ minLength: 1, maxLength: 1024 })
const Attribute = Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z][A-Za-z0-9;.-]*$' })
const tree = { tree: Text, filter: Type.Optional(Text), 'object-class': Type.Optional(Attribute) }

const File = Closed({
  directories: Type.Array(
    Closed({
      domain: Text,
      url: Type.String({ pattern: '^ldaps?://[^/?#\\s]+/?$' }),
      'start-tls': Type.Optional(Type.Boolean()),
      'ca-file': Type.Optional(Text),
      'bind-dn': Type.Optional(Text),
      'bind-password-file': Type.Optional(Text),
      timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 120 })),
      'page-size': Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
      refresh: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
      users: Closed({
        ...tree,
        'id-attribute': Type.Optional(Attribute),
        'name-attribute': Type.Optional(Attribute),
        'mail-attribute': Type.Optional(Attribute),
        'description-attribute': Type.Optional(Attribute),
        'enabled-attribute': Type.Optional(Attribute),
        'enabled-mask': Type.Optional(Type.Integer({ minimum: 1 })),
        'enabled-invert': Type.Optional(Type.Boolean()),
      }),
      groups: Type.Optional(
        Closed({
          ...tree,
          'id-attribute': Type.Optional(Attribute),
          'name-attribute': Type.Optional(Attribute),
          'description-attribute': Type.Optional(Attribute),
          'member-attribute': Type.Optional(Attribute),
          'members-are-ids': Type.Optional(Type.Boolean()),
        }),
      ),
    }),
    { maxItems: 20 },
  ),
})

export interface Tree {
  tree: string
  /** In the language of RFC 4515; '' for none. */
  filter: string
  objectClass: string
  id: string
  name: string
  description: string
}

export interface DirectorySettings {
  /** Name of the domain, or its id where it was configured by the API. */
  domain: string
  url: string
  startTls: boolean
  ca: string | null
  /** null: the directory is read by nobody. */
  bind: { dn: string; password: Secret } | null
  timeoutMs: number
  /** null: answers come whole. */
  pageSize: number | null
  /** Below the trees' roots alone, or however deep. */
  scope: 'one' | 'sub'
  aliases: 'never' | 'always' | 'search' | 'find'
  /** How old what is known of the directory may be. */
  refreshMs: number
  /** `otherwise` is the value of entries that have no such attribute; null: they are enabled. */
  users: Tree & { mail: string; enabled: { attribute: string; mask: number; invert: boolean; otherwise: string | null } | null }
  /** `mayLack`: where the tree is not there, there are no groups. */
  groups: (Tree & { member: string; membersAreIds: boolean; mayLack?: boolean }) | null
}

/** Whether passwords would go over a network as they are. */
export function isInClear(url: string, startTls: boolean): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'ldap:' && !startTls && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/** Reads the file of the settings, or `directory.yaml` in the data folder when it is there. Throws UserError. */
export function readDirectorySettings(config: Pick<Config, 'directoryFile' | 'dataDir'>): DirectorySettings[] {
  const path = config.directoryFile ?? join(config.dataDir, 'directory.yaml')
  const file: Static<typeof File> = readSettingsFile(path, config.directoryFile !== null, File) ?? { directories: [] }
  const found = file.directories.map((entry): DirectorySettings => {
    const { users, groups } = entry
    if (isInClear(entry.url, entry['start-tls'] ?? false))
      throw new UserError(`${path}: passwords would go to ${entry.url} in clear. Use ldaps:// or start-tls: true.`)
    if ((entry['bind-dn'] === undefined) !== (entry['bind-password-file'] === undefined))
      throw new UserError(`${path}: bind-dn and bind-password-file belong together.`)
    return {
      domain: entry.domain,
      url: entry.url,
      startTls: entry['start-tls'] ?? false,
      ca: entry['ca-file'] === undefined ? null : readSecret(path, entry['ca-file']).reveal(),
      bind: entry['bind-dn'] === undefined ? null : { dn: entry['bind-dn'], password: readSecret(path, entry['bind-password-file']!) },
      timeoutMs: (entry.timeout ?? 10) * 1000,
      pageSize: entry['page-size'] ?? 500,
      scope: 'sub',
      aliases: 'never',
      refreshMs: (entry.refresh ?? 60) * 1000,
      users: {
        tree: users.tree,
        filter: users.filter ?? '',
        objectClass: users['object-class'] ?? 'inetOrgPerson',
        id: users['id-attribute'] ?? 'uid',
        name: users['name-attribute'] ?? 'uid',
        mail: users['mail-attribute'] ?? 'mail',
        description: users['description-attribute'] ?? 'description',
        enabled:
          users['enabled-attribute'] === undefined
            ? null
            : {
                attribute: users['enabled-attribute'],
                mask: users['enabled-mask'] ?? 0,
                invert: users['enabled-invert'] ?? false,
                otherwise: null,
              },
      },
      groups: groups
        ? {
            tree: groups.tree,
            filter: groups.filter ?? '',
            objectClass: groups['object-class'] ?? 'groupOfNames',
            id: groups['id-attribute'] ?? 'cn',
            name: groups['name-attribute'] ?? 'cn',
            description: groups['description-attribute'] ?? 'description',
            member: groups['member-attribute'] ?? 'member',
            membersAreIds: groups['members-are-ids'] ?? false,
          }
        : null,
    }
  })
  const twice = found.find(({ domain }, i) => found.findIndex((other) => other.domain === domain) !== i)
  if (twice) throw new UserError(`${path}: the domain ${twice.domain} stands there twice.`)
  return found
}
