// What is known of a directory's users and groups: rows like all others, so that roles can be granted to them, each with an entry that says
// which one of the directory it is. A row whose entry is gone from the directory goes; what was granted stays for when it is back.
import { createHash } from 'node:crypto'
import { changeGeneration } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { inChunks } from '../chunks.ts'
import type { DirectoryEntry } from './connection.ts'

export type Kind = 'user' | 'group'

/** The same for the same entry of the same domain for ever (upstream: the id mapping's sha256). */
export const publicId = (domainId: string, kind: Kind, localId: string): string =>
  createHash('sha256').update(domainId).update(kind).update(localId).digest('hex')

export const findEntry = (db: Db, id: string, kind: Kind) =>
  db.selectFrom('identity_directory_entries').selectAll().where('public_id', '=', id).where('entity_type', '=', kind).executeTakeFirst()

/** Ids of the rows in the domain that are the directory's; those alone that were not seen after `seenUntil` (milliseconds), where given. */
export async function knownIds(db: Db, domainId: string, kind: Kind, seenUntil?: number): Promise<Set<string>> {
  let query = db
    .selectFrom('identity_directory_entries')
    .select('public_id')
    .where('domain_id', '=', domainId)
    .where('entity_type', '=', kind)
  if (seenUntil !== undefined) query = query.where('seen_at', '<=', seenUntil)
  const rows = await query.execute()
  return new Set(rows.map((row) => row.public_id))
}

/** Ids of the domains that a directory had entries for. */
export const domainsWithEntries = async (db: Db): Promise<string[]> =>
  (await db.selectFrom('identity_directory_entries').select('domain_id').distinct().execute()).map((row) => row.domain_id)

async function noteEntry(db: Db, domainId: string, kind: Kind, { localId, dn }: DirectoryEntry, now: number): Promise<void> {
  const seen = { distinguished_name: dn, seen_at: now }
  await db
    .insertInto('identity_directory_entries')
    .values({ public_id: publicId(domainId, kind, localId), domain_id: domainId, entity_type: kind, local_id: localId, ...seen })
    .onConflict((c) => c.column('public_id').doUpdateSet(seen))
    .execute()
}

const same = (row: object, wanted: object) =>
  Object.entries(wanted).every(([name, value]) => (row as Record<string, unknown>)[name] === value)
const wantedUser = ({ name, mail, description, enabled }: DirectoryEntry) => ({ name, email: mail, description, enabled })
const wantedGroup = ({ name, description }: DirectoryEntry) => ({ name, description: description ?? '' })

const rowsOf = async (db: Db, kind: Kind, ids: string[]) =>
  new Map(
    (
      await db
        .selectFrom(kind === 'user' ? 'identity_users' : 'identity_groups')
        .selectAll()
        .where('id', 'in', ids)
        .execute()
    ).map((row) => [row.id, row]),
  )

/** Those entries that are not here as they are in the directory. Only reads: most of the time there are none. */
export async function outdated(db: Db, domainId: string, kind: Kind, entries: DirectoryEntry[]): Promise<DirectoryEntry[]> {
  const found: DirectoryEntry[] = []
  for (const part of inChunks(entries)) {
    const ids = part.map((entry) => publicId(domainId, kind, entry.localId))
    const rows = await rowsOf(db, kind, ids)
    const notes = await db.selectFrom('identity_directory_entries').selectAll().where('public_id', 'in', ids).execute()
    const names = new Map(notes.map((note) => [note.public_id, note.distinguished_name]))
    for (const [index, entry] of part.entries()) {
      const row = rows.get(ids[index]!)
      const wanted = kind === 'user' ? wantedUser(entry) : wantedGroup(entry)
      if (!row || names.get(ids[index]!) !== entry.dn || !same(row, wanted)) found.push(entry)
    }
  }
  return found
}

/**
 * Brings the rows up to what the directory says. Gives the entries whose name a local user or group of the domain has already: they get no
 * row, so that nobody becomes somebody else by an entry in the directory.
 */
export async function writeEntries(
  db: Db,
  { domainId, kind, entries, now }: { domainId: string; kind: Kind; entries: DirectoryEntry[]; now: number },
): Promise<DirectoryEntry[]> {
  const table = kind === 'user' ? 'identity_users' : 'identity_groups'
  const iso = new Date(now).toISOString()
  const refused: DirectoryEntry[] = []
  let changed = false
  for (const part of inChunks(entries)) {
    const ids = part.map((entry) => publicId(domainId, kind, entry.localId))
    const rows = await rowsOf(db, kind, ids)
    const named = new Map<string, string>()
    const names = part.map((entry) => entry.name)
    for (const row of await db
      .selectFrom(table)
      .select(['id', 'name'])
      .where('domain_id', '=', domainId)
      .where('name', 'in', names)
      .execute())
      named.set(row.name, row.id)
    for (const [index, entry] of part.entries()) {
      const id = ids[index]!
      const holder = named.get(entry.name)
      if (holder !== undefined && holder !== id) {
        refused.push(entry)
        continue
      }
      named.set(entry.name, id)
      const row = rows.get(id)
      const [user, group] = [wantedUser(entry), wantedGroup(entry)]
      const wanted = kind === 'user' ? user : group
      if (!row) {
        const common = { id, domain_id: domainId, extra: {}, created_at: iso }
        // The epoch is later than that of the row of before: what was worth something then stays void.
        const before = kind === 'user' ? ((await findEntry(db, id, kind))?.seen_at ?? 0) : 0
        if (kind === 'user')
          await db
            .insertInto('identity_users')
            .values({
              ...common,
              ...user,
              password_hash: null,
              password_changed_at: null,
              password_expires_at: null,
              default_project_id: null,
              token_epoch: Math.max(Math.floor(now / 1000), Math.floor(before / 1000) + 1),
              options: {},
            })
            .execute()
        else
          await db
            .insertInto('identity_groups')
            .values({ ...common, ...group })
            .execute()
      } else if (!same(row, wanted)) {
        const ends = kind === 'user' && !entry.enabled && (row as User).enabled
        if (kind === 'user')
          await db
            .updateTable('identity_users')
            .set((eb) => ({ ...user, ...(ends ? { token_epoch: eb('token_epoch', '+', 1) } : {}) }))
            .where('id', '=', id)
            .execute()
        else await db.updateTable('identity_groups').set(group).where('id', '=', id).execute()
      }
      await noteEntry(db, domainId, kind, entry, now)
      changed ||= !row || !same(row, wanted)
    }
  }
  if (changed) await changeGeneration(db)
  return refused
}

/** Takes rows away whose entries are gone; what was granted to them stays, and counts when they are back. */
export async function hideEntries(db: Db, kind: Kind, ids: string[]): Promise<void> {
  for (const part of inChunks(ids)) {
    await db
      .deleteFrom('identity_group_members')
      .where(kind === 'user' ? 'user_id' : 'group_id', 'in', part)
      .execute()
    await db
      .deleteFrom(kind === 'user' ? 'identity_users' : 'identity_groups')
      .where('id', 'in', part)
      .execute()
  }
  if (ids.length) await changeGeneration(db)
}

/** Ids among those that have a row. */
export async function withRow(db: Db, kind: Kind, ids: string[]): Promise<string[]> {
  const found: string[] = []
  for (const part of inChunks(ids)) {
    const rows = await db
      .selectFrom(kind === 'user' ? 'identity_users' : 'identity_groups')
      .select('id')
      .where('id', 'in', part)
      .execute()
    found.push(...rows.map((row) => row.id))
  }
  return found
}

export interface Memberships {
  add: [groupId: string, userId: string][]
  remove: [groupId: string, userId: string][]
}

/** What is to be done so that the memberships in those groups (of one user, where given) are the wanted ones. */
export async function memberChanges(db: Db, groupIds: string[], wanted: Memberships['add'], userId?: string): Promise<Memberships> {
  const left = new Map(wanted.map((pair) => [pair.join(' '), pair]))
  const remove: Memberships['remove'] = []
  for (const part of inChunks(groupIds)) {
    let query = db.selectFrom('identity_group_members').selectAll().where('group_id', 'in', part)
    if (userId !== undefined) query = query.where('user_id', '=', userId)
    for (const { group_id, user_id } of await query.execute()) if (!left.delete(`${group_id} ${user_id}`)) remove.push([group_id, user_id])
  }
  return { add: [...left.values()], remove }
}

export async function changeMembers(db: Db, { add, remove }: Memberships): Promise<void> {
  for (const [groupId, userId] of remove)
    await db.deleteFrom('identity_group_members').where('group_id', '=', groupId).where('user_id', '=', userId).execute()
  for (const part of inChunks(add)) {
    await db
      .insertInto('identity_group_members')
      .values(part.map(([group_id, user_id]) => ({ group_id, user_id })))
      .onConflict((c) => c.doNothing())
      .execute()
  }
  if (add.length || remove.length) await changeGeneration(db)
}
