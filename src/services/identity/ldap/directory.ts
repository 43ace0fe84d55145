// The directory of a domain, as this process knows it: when it was read last, and reading it again.

import { Fault } from '../../../api/faults.ts'
import type { Secret } from '../../../auth/secret.ts'
import type { Cloud } from '../../../cloud.ts'
import { inChunks } from '../chunks.ts'
import { type DirectoryEntry, DirectoryFault, type DirectoryReader, isPasswordOf, reading } from './connection.ts'
import type { DirectorySettings } from './settings.ts'
import {
  changeMembers,
  findEntry,
  hideEntries,
  type Kind,
  knownIds,
  memberChanges,
  outdated,
  publicId,
  withRow,
  writeEntries,
} from './store.ts'

export interface Directory {
  /** Id of its domain, undefined where that was deleted. */
  domainId(): Promise<string | undefined>
  /** Reads it all where what is known is older than the settings allow. Throws 503 when it cannot be read. */
  freshen(): Promise<void>
  /** It could not be read lately, and nobody has to wait to learn that again. */
  isAway(): boolean
  /** The same for one user, by the id of the row. */
  freshenUser(id: string): Promise<void>
  /** Who that is, when the password is right; the row and the groups are then those of this moment. Undefined when not. Throws 503. */
  prove(by: 'id' | 'name', value: string, password: Secret): Promise<string | undefined>
}

export const unreachable = () => new Fault(503, 'The directory of this domain cannot be reached at present.')

/** Names of entries as they are compared: case and blanks around the parts count for nothing. */
const plainDn = (dn: string) =>
  dn
    .split(/(?<!\\),/)
    .map((part) => part.trim().replace(/\s*=\s*/, '='))
    .join(',')
    .toLowerCase()

const idsOf = (domainId: string, kind: Kind, entries: DirectoryEntry[]) => entries.map((entry) => publicId(domainId, kind, entry.localId))

/** `domainId` gives the domain, which may have been deleted meanwhile. */
export function makeDirectory(cloud: Cloud, settings: DirectorySettings, domainId: Directory['domainId']): Directory {
  const { database, log } = cloud
  const { clock } = cloud.environment
  let readAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let busy: Promise<void> | null = null

  const isOld = (at: number) => clock.now() - at >= settings.refreshMs || at > clock.now()

  async function asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof DirectoryFault)) throw error
      failedAt = clock.now()
      log.warn({ directory: settings.url, domain: settings.domain, error: error.message }, 'a directory cannot be read')
      throw unreachable()
    }
  }
  const ask = <T>(work: (reader: DirectoryReader) => Promise<T>) => asking(() => reading(settings, work))

  const tell = (kind: Kind, refused: DirectoryEntry[]) => {
    for (const { dn } of refused)
      log.warn({ domain: settings.domain, entry: dn }, `this ${kind} is left out: its name is a local ${kind}'s`)
  }

  async function readAll(): Promise<void> {
    const id = await domainId()
    if (id === undefined) return
    const begun = clock.now()
    const { users, groups } = await ask(async (reader) => ({ users: await reader.users(), groups: await reader.groups() }))
    const now = clock.now()
    const byDn = new Map(users.map((user) => [plainDn(user.dn), user]))
    const byLocalId = new Map(users.map((user) => [user.localId, user]))
    const { read } = database
    // Compared first, and written in parts: other writers do not wait for a large directory.
    for (const [kind, entries] of [
      ['user', users],
      ['group', groups],
    ] as const) {
      for (const part of inChunks(await outdated(read, id, kind, entries), 500))
        tell(kind, await database.write(({ db }) => writeEntries(db, { domainId: id, kind, entries: part, now })))
      // Who logged in meanwhile may be newer than what was read.
      const gone = await knownIds(read, id, kind, begun)
      for (const entry of entries) gone.delete(publicId(id, kind, entry.localId))
      const rows = await withRow(read, kind, [...gone])
      if (rows.length) await database.write(({ db }) => hideEntries(db, kind, rows))
    }
    const rows = new Set(await withRow(read, 'user', idsOf(id, 'user', users)))
    const groupRows = new Set(await withRow(read, 'group', idsOf(id, 'group', groups)))
    const members = groups.flatMap((group) =>
      group.members.flatMap((name): [string, string][] => {
        const user = settings.groups?.membersAreIds ? byLocalId.get(name) : byDn.get(plainDn(name))
        const pair: [string, string] = [publicId(id, 'group', group.localId), user ? publicId(id, 'user', user.localId) : '']
        return groupRows.has(pair[0]) && rows.has(pair[1]) ? [pair] : []
      }),
    )
    const changes = await memberChanges(read, [...groupRows], members)
    if (changes.add.length || changes.remove.length) await database.write(({ db }) => changeMembers(db, changes))
    readAt = begun
  }

  /** One user and the groups that the user is in, as they are now. Gives whether there is a row. */
  async function writeOne(domain: string, user: DirectoryEntry, groups: DirectoryEntry[]): Promise<boolean> {
    const now = clock.now()
    const userId = publicId(domain, 'user', user.localId)
    return database.write(async ({ db }) => {
      const refused = await writeEntries(db, { domainId: domain, kind: 'user', entries: [user], now })
      tell('user', refused)
      if (refused.length) return false
      tell('group', await writeEntries(db, { domainId: domain, kind: 'group', entries: groups, now }))
      const all = [...(await knownIds(db, domain, 'group'))]
      const mine = await withRow(
        db,
        'group',
        groups.map((group) => publicId(domain, 'group', group.localId)),
      )
      const wanted = mine.map((groupId): [string, string] => [groupId, userId])
      await changeMembers(db, await memberChanges(db, all, wanted, userId))
      return true
    })
  }

  /** The one entry that this is, with its groups: none when there are several. */
  const lookFor = (by: 'id' | 'name', value: string) =>
    ask(async (reader) => {
      const found = await reader.users({ by, value })
      const [user] = found
      return found.length === 1 && user ? { user, groups: await reader.groups(user) } : undefined
    })

  return {
    domainId,
    isAway: () => failedAt > readAt && !isOld(failedAt),
    async freshen() {
      // A reading that somebody began before may itself be too old by now.
      if (busy) await busy
      if (!isOld(readAt)) return
      busy ??= readAll().finally(() => {
        busy = null
      })
      await busy
    },
    async freshenUser(id) {
      const [domain, entry] = [await domainId(), await findEntry(database.read, id, 'user')]
      if (domain === undefined || entry?.domain_id !== domain || !isOld(Math.max(entry.seen_at, readAt))) return
      const found = await lookFor('id', entry.local_id)
      if (found && publicId(domain, 'user', found.user.localId) === id) await writeOne(domain, found.user, found.groups)
      else await database.write(async ({ db }) => hideEntries(db, 'user', await withRow(db, 'user', [id])))
    },
    async prove(by, value, password) {
      const domain = await domainId()
      if (!password.reveal() || domain === undefined) return undefined
      const found = await lookFor(by, value)
      // Somebody who is not there takes as long as a wrong password.
      const dn = found?.user.dn ?? `${settings.users.id}=${cloud.environment.hexId()},${settings.users.tree}`
      const right = await asking(() => isPasswordOf(settings, dn, password))
      if (!right || !found?.user.enabled) return undefined
      return (await writeOne(domain, found.user, found.groups)) ? publicId(domain, 'user', found.user.localId) : undefined
    },
  }
}
