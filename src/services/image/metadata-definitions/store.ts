// Queries on metadata definitions. Who may see a namespace is decided here, once for all that is in it.
import type { ExpressionBuilder } from 'kysely'
import { conflict } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import type { Tables } from '../../../db/tables.ts'
import type { Viewer } from '../images/store.ts'
import type { Definition, PropertyRow } from './tables.ts'
import type { Namespace } from './view.ts'

/** Public and own namespaces; all for administrators. */
export const visibleTo = (viewer: Viewer) => (eb: ExpressionBuilder<Tables, 'metadata_namespaces'>) => {
  if (viewer.isAdmin) return eb.lit(true)
  const open = eb('visibility', '=', 'public')
  return viewer.projectId === null ? open : eb.or([open, eb('owner_id', '=', viewer.projectId)])
}

/** Ids of the namespaces that are meant for one of those resource types. */
export const meantFor = (db: Db, types: string[]) =>
  db.selectFrom('metadata_associations').select('namespace_id').where('name', 'in', types)

export const findNamespace = (db: Db, name: string, viewer: Viewer): Promise<Namespace | undefined> =>
  db.selectFrom('metadata_namespaces').selectAll().where('name', '=', name).where(visibleTo(viewer)).executeTakeFirst()

const contents = ['metadata_objects', 'metadata_properties', 'metadata_tags', 'metadata_associations'] as const
export type Content = (typeof contents)[number]

export async function removeNamespace(db: Db, id: string): Promise<void> {
  for (const table of contents) await db.deleteFrom(table).where('namespace_id', '=', id).execute()
  await db.deleteFrom('metadata_namespaces').where('id', '=', id).execute()
}

/** Throws 409 when the namespace already has something of that name. */
export async function mustBeNew(db: Db, table: Content, namespace: Namespace, name: string): Promise<void> {
  const known = await db
    .selectFrom(table)
    .select('name')
    .where('namespace_id', '=', namespace.id)
    .where('name', '=', name)
    .executeTakeFirst()
  if (known) throw conflict(`${name} exists already in the namespace ${namespace.name}.`)
}

export interface NewAssociation {
  name: string
  prefix?: string
  properties_target?: string
}

/** Adds the association, and the resource type where it is a new one. */
export async function associate(db: Db, namespaceId: string, { name, prefix, properties_target }: NewAssociation, now: string) {
  const times = { created_at: now, updated_at: now }
  await db
    .insertInto('metadata_resource_types')
    .values({ name, ...times })
    .onConflict((c) => c.doNothing())
    .execute()
  const row = { namespace_id: namespaceId, name, prefix: prefix ?? null, properties_target: properties_target ?? null, ...times }
  await db.insertInto('metadata_associations').values(row).execute()
  return row
}

export interface NewObject {
  name: string
  description?: string
  required?: string[]
  properties?: Record<string, Definition>
}

export async function insertObject(db: Db, namespaceId: string, { name, description, required, properties }: NewObject, now: string) {
  const row = {
    namespace_id: namespaceId,
    name,
    description: description ?? null,
    required_names: required ?? [],
    definitions: properties ?? {},
    created_at: now,
    updated_at: now,
  }
  await db.insertInto('metadata_objects').values(row).execute()
  return row
}

export async function insertProperty(db: Db, namespaceId: string, name: string, { name: _, ...definition }: Definition, now: string) {
  const row: PropertyRow = { namespace_id: namespaceId, name, definition, created_at: now, updated_at: now }
  await db.insertInto('metadata_properties').values(row).execute()
  return row
}

export async function insertTags(db: Db, namespaceId: string, names: string[], now: string): Promise<void> {
  const rows = names.map((name) => ({ namespace_id: namespaceId, name, created_at: now, updated_at: now }))
  if (rows.length) await db.insertInto('metadata_tags').values(rows).execute()
}

export const all = <T extends Content>(db: Db, table: T, namespaceIds: string[]) =>
  db
    .selectFrom(table as Content)
    .selectAll()
    .where('namespace_id', 'in', namespaceIds)
    .orderBy('name')
    .execute() as unknown as Promise<Tables[T][]>
