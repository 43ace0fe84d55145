import type { Db } from '../db/database.ts'
import type { Dialect } from '../db/schema.ts'
import './tables.ts'
import type { HostDocument, HostFacts, Report } from './documents.ts'
import type { JobReport } from './job.ts'
import type { Kind } from './kinds.ts'
import { openJobs, type Stored, specIn } from './stored-jobs.ts'

export const findHost = (db: Db, name: string) => db.selectFrom('hosts').selectAll().where('name', '=', name).executeTakeFirst()
export const listHosts = (db: Db) => db.selectFrom('hosts').selectAll().orderBy('name').execute()

export const findDocument = (db: Db, host: string, kind: Kind, id: string) =>
  db.selectFrom('host_documents').selectAll().where('host', '=', host).where('kind', '=', kind).where('id', '=', id).executeTakeFirst()

/** Hosts whose document of that id asks for it. */
export async function findHolders(db: Db, kind: Kind, id: string): Promise<string[]> {
  const rows = await db
    .selectFrom('host_documents')
    .select('host')
    .where('kind', '=', kind)
    .where('id', '=', id)
    .where('spec', 'is not', null)
    .execute()
  return rows.map((row) => row.host)
}

/** The same, to be changed: on PostgreSQL nobody else changes it before the asker's transaction has ended. */
export function findDocumentForChange(db: Db, dialect: Dialect, host: string, kind: Kind, id: string) {
  const query = db
    .selectFrom('host_documents')
    .select(['spec', 'host_status'])
    .where('host', '=', host)
    .where('kind', '=', kind)
    .where('id', '=', id)
  return (dialect === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
}

/** The same, and on PostgreSQL no report of it is written down before the asker's transaction has ended: its wait would not be seen. */
export function findDocumentForWaiting(db: Db, dialect: Dialect, host: string, kind: Kind, id: string) {
  const query = db.selectFrom('host_documents').selectAll().where('host', '=', host).where('kind', '=', kind).where('id', '=', id)
  return (dialect === 'postgres' ? query.forShare() : query).executeTakeFirst()
}

/** Writes the next generation of a document down; one above the last also when two write at once. */
export async function saveDocument(db: Db, host: string, kind: Kind, id: string, spec: unknown, now: string): Promise<void> {
  await db
    .insertInto('host_documents')
    .values({
      host,
      kind,
      id,
      generation: 1,
      spec: spec as object | null,
      pending: true,
      outcome: null,
      error: null,
      host_status: null,
      updated_at: now,
    })
    .onConflict((c) =>
      c.columns(['host', 'kind', 'id']).doUpdateSet((eb) => ({
        generation: eb('host_documents.generation', '+', 1),
        spec: eb.ref('excluded.spec'),
        pending: true,
        outcome: null,
        error: null,
        updated_at: now,
      })),
    )
    .execute()
}

/** What the agent has not taken yet, or everything when it starts anew. */
export async function documentsFor(db: Db, host: string, all: boolean, limit: number): Promise<HostDocument[]> {
  let query = db.selectFrom('host_documents').select(['kind', 'id', 'generation', 'spec', 'host_status']).where('host', '=', host)
  if (!all) query = query.where('pending', '=', true).limit(limit)
  return (await query.execute()).map((row) => {
    const { kind, id, generation } = row
    // A host that has lost its memory is not asked again for what it has done.
    const jobs = openJobs(row)
    return { kind, id, generation, spec: specIn(kind, row) as HostDocument['spec'], ...(jobs.length ? { jobs } : {}) }
  })
}

export const markTaken = (db: Db, host: string, document: Pick<HostDocument, 'kind' | 'id' | 'generation'>) =>
  db
    .updateTable('host_documents')
    .set({ pending: false })
    .where('host', '=', host)
    .where('kind', '=', document.kind)
    .where('id', '=', document.id)
    .where('generation', '=', document.generation)
    .execute()

/** What is known of a document after a report, in its column; undefined when the report changes nothing of it. */
export function statusAfter(document: Stored, report: Report, jobs: JobReport[]): object | undefined {
  if (!report.status && !report.jobs) return undefined
  const { jobs: _before, ...before } = (document.host_status ?? {}) as Record<string, unknown>
  return { ...(report.status ?? before), ...(jobs.length ? { jobs } : {}) }
}

/** Writes a report down; an older generation's only updates the status. Gives false when no such document is known. */
export async function applyReport(db: Db, host: string, report: Report, seen: object | undefined): Promise<boolean> {
  const here = <T extends { where: (column: never, op: never, value: never) => T }>(query: T) =>
    query
      .where('host' as never, '=' as never, host as never)
      .where('kind' as never, '=' as never, report.kind as never)
      .where('id' as never, '=' as never, report.id as never)
  if (report.outcome === 'removed') {
    const gone = await here(db.deleteFrom('host_documents'))
      .where('generation', '=', report.generation)
      .where('spec', 'is', null)
      .executeTakeFirst()
    return gone.numDeletedRows > 0n
  }
  const status = seen ? { host_status: seen } : {}
  const result = await here(db.updateTable('host_documents'))
    .set({ done_generation: report.generation, outcome: report.outcome, error: report.error ?? null, ...status })
    .where('generation', '=', report.generation)
    .executeTakeFirst()
  if (result.numUpdatedRows > 0n) return true
  if (seen) await here(db.updateTable('host_documents')).set(status).execute()
  return false
}

export async function saveContact(db: Db, name: string, session: string, facts: HostFacts, now: number): Promise<void> {
  await db
    .insertInto('hosts')
    .values({ name, session, facts, last_seen: now, created_at: new Date(now).toISOString(), disabled_reason: null })
    .onConflict((c) => c.column('name').doUpdateSet({ session, facts, last_seen: now }))
    .execute()
}

export const touchHost = (db: Db, name: string, now: number) =>
  db.updateTable('hosts').set({ last_seen: now }).where('name', '=', name).execute()

export const setHostEnabled = (db: Db, name: string, enabled: boolean, reason: string | null) =>
  db.updateTable('hosts').set({ enabled, disabled_reason: reason }).where('name', '=', name).execute()
