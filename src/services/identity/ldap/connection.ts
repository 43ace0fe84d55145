// Questions to a directory. Each has a connection of its own, so that one that was lost costs the next question nothing. Filters are made
// of parts and never of text, so that no name can change what is asked; referrals are not followed.

import type { Client, Entry, Filter } from 'ldapts'
import type { Secret } from '../../../auth/secret.ts'
import type { DirectorySettings, Tree } from './settings.ts'

/** The directory did not answer as one does; `message` is for the log. */
export class DirectoryFault extends Error {}

export interface DirectoryEntry {
  dn: string
  localId: string
  name: string
  description: string | null
  mail: string | null
  enabled: boolean
  /** Names or ids of a group's members. */
  members: string[]
}

export interface DirectoryReader {
  /** All users, or those whose attribute has that value. */
  users(only?: { by: 'id' | 'name'; value: string }): Promise<DirectoryEntry[]>
  /** All groups, or those that the user is in. */
  groups(of?: DirectoryEntry): Promise<DirectoryEntry[]>
}

type Library = typeof import('ldapts')

async function open(settings: DirectorySettings, { Client }: Library): Promise<Client> {
  const { hostname } = new URL(settings.url)
  const tls = { servername: hostname, ...(settings.ca === null ? {} : { ca: settings.ca }) }
  const { url, timeoutMs: timeout } = settings
  const client = new Client({ url, timeout, connectTimeout: timeout, ...(url.startsWith('ldaps:') ? { tlsOptions: tls } : {}) })
  if (settings.startTls) await client.startTLS(tls)
  return client
}

async function using<T>(settings: DirectorySettings, work: (client: Client, library: Library) => Promise<T>): Promise<T> {
  const library = await import('ldapts')
  let client: Client | undefined
  try {
    client = await open(settings, library)
    return await work(client, library)
  } catch (error) {
    throw error instanceof DirectoryFault ? error : new DirectoryFault(`${(error as Error).name}: ${(error as Error).message}`)
  } finally {
    await client?.unbind().catch(() => {})
  }
}

/** Asks the directory as the reader of the settings. Throws DirectoryFault. */
export const reading = <T>(settings: DirectorySettings, work: (reader: DirectoryReader) => Promise<T>): Promise<T> =>
  using(settings, async (client, library) => {
    if (settings.bind) await client.bind(settings.bind.dn, settings.bind.password.reveal())
    return work(readerOn(client, settings, library))
  })

/** True when the password is that of the entry. Throws DirectoryFault. An empty one would be no proof: directories answer it with success. */
export function isPasswordOf(settings: DirectorySettings, dn: string, password: Secret): Promise<boolean> {
  if (!password.reveal() || !dn) return Promise.resolve(false)
  return using(settings, async (client, library) => {
    try {
      await client.bind(dn, password.reveal())
      return true
    } catch (error) {
      const { InvalidCredentialsError, InappropriateAuthError, UnwillingToPerformError, InsufficientAccessError, NoSuchObjectError } =
        library
      const refusals = [
        InvalidCredentialsError,
        InappropriateAuthError,
        UnwillingToPerformError,
        InsufficientAccessError,
        NoSuchObjectError,
      ]
      if (refusals.some((refusal) => error instanceof refusal)) return false
      throw error
    }
  })
}

function readerOn(client: Client, settings: DirectorySettings, library: Library): DirectoryReader {
  const { AndFilter, EqualityFilter, FilterParser, PresenceFilter, NoSuchObjectError } = library
  const { users, groups } = settings
  async function search(tree: Tree & { mayLack?: boolean }, attributes: string[], also: Filter[]) {
    const filters = [
      new EqualityFilter({ attribute: 'objectClass', value: tree.objectClass }),
      ...(tree.filter ? [FilterParser.parseString(tree.filter)] : []),
      ...(also.length ? also : [new PresenceFilter({ attribute: tree.id })]),
    ]
    try {
      const { searchEntries } = await client.search(tree.tree, {
        scope: settings.scope,
        derefAliases: settings.aliases,
        filter: new AndFilter({ filters }),
        attributes: [...new Set(attributes)],
        paged: settings.pageSize === null ? false : { pageSize: settings.pageSize },
        timeLimit: Math.ceil(settings.timeoutMs / 1000),
      })
      return searchEntries
    } catch (error) {
      if (error instanceof NoSuchObjectError && tree.mayLack) return []
      if (error instanceof NoSuchObjectError) throw new DirectoryFault(`there is no ${tree.tree}`)
      throw error
    }
  }
  return {
    async users(only) {
      const { id, name, mail, description, enabled } = users
      const also = only ? [new EqualityFilter({ attribute: only.by === 'id' ? id : name, value: only.value })] : []
      const found = await search(users, [id, name, mail, description, ...(enabled ? [enabled.attribute] : [])], also)
      return found.flatMap((entry) => userOf(entry, settings))
    },
    async groups(of) {
      if (!groups) return []
      const also = of ? [new EqualityFilter({ attribute: groups.member, value: groups.membersAreIds ? of.localId : of.dn })] : []
      const found = await search(groups, [groups.id, groups.name, groups.description, groups.member], also)
      return found.flatMap((entry) => {
        const base = common(entry, groups)
        return base ? [{ ...base, mail: null, enabled: true, members: texts(entry, groups.member) }] : []
      })
    },
  }
}

function texts(entry: Entry, attribute: string): string[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase())
  const value = key === undefined ? [] : entry[key]!
  return (Array.isArray(value) ? value : [value]).map((part) => (typeof part === 'string' ? part : part.toString())).filter(Boolean)
}
const first = (entry: Entry, attribute: string): string | null => texts(entry, attribute)[0]?.slice(0, 255) ?? null

/** What all entries have; null for one that has no usable id or name. */
function common(entry: Entry, { id, name, description }: { id: string; name: string; description: string }) {
  const localId = texts(entry, id)[0]
  const shown = texts(entry, name)[0]
  if (!localId || !shown || localId.length > 255 || shown.length > 255 || /\p{Cc}/u.test(localId + shown)) return null
  return { dn: entry.dn, localId, name: shown, description: first(entry, description) }
}

function userOf(entry: Entry, { users }: DirectorySettings): DirectoryEntry[] {
  const base = common(entry, users)
  return base ? [{ ...base, mail: first(entry, users.mail), enabled: isEnabled(entry, users.enabled), members: [] }] : []
}

/** As upstream: true or false, or a bit of a number that is set for those who are not enabled; who has no such attribute is enabled. */
function isEnabled(entry: Entry, enabled: DirectorySettings['users']['enabled']): boolean {
  const value = enabled && (first(entry, enabled.attribute) ?? enabled.otherwise)
  if (!enabled || value === null) return true
  if (enabled.mask) return ((Number(value) & enabled.mask) !== 0) === enabled.invert
  return /^(true|1|yes|on|enabled)$/i.test(value) !== enabled.invert
}
