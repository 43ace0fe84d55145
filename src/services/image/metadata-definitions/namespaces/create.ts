// POST /v2/metadefs/namespaces (reference 11.8.1): a namespace with all that is in it, at once or not at all.
import type { Static } from 'typebox'
import { badRequest, conflict, forbidden } from '../../../../api/faults.ts'
import { operation, reply } from '../../../../api/operation.ts'
import type { Db } from '../../../../db/database.ts'
import { writes } from '../rules.ts'
import { MadeNamespace, NamespaceBody } from '../schema.ts'
import { associate, insertObject, insertProperty, insertTags } from '../store.ts'
import { type Namespace, namespaceView } from '../view.ts'

export type NewNamespace = Static<typeof NamespaceBody>

/** Throws 400 where a name is given twice. */
export function checkUnique(what: string, names: string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw badRequest(`The ${what} ${twice} is given more than once.`)
}

/** Inserts the namespace and its contents. Throws 400 for doubled names, 409 for a namespace that exists. */
export async function insertNamespace(db: Db, id: string, body: NewNamespace, owner: string, now: string): Promise<Namespace> {
  const { objects = [], tags = [], resource_type_associations: associations = [], properties = {} } = body
  checkUnique(
    'object',
    objects.map(({ name }) => name),
  )
  checkUnique(
    'tag',
    tags.map(({ name }) => name),
  )
  checkUnique(
    'resource type',
    associations.map(({ name }) => name),
  )
  const row: Namespace = {
    id,
    name: body.namespace,
    display_name: body.display_name ?? null,
    description: body.description ?? null,
    visibility: body.visibility ?? 'private',
    protected: body.protected ?? false,
    owner_id: owner,
    created_at: now,
    updated_at: now,
  }
  await db.insertInto('metadata_namespaces').values(row).execute()
  for (const association of associations) await associate(db, id, association, now)
  for (const object of objects) await insertObject(db, id, object, now)
  for (const [name, definition] of Object.entries(properties)) await insertProperty(db, id, name, definition, now)
  await insertTags(
    db,
    id,
    tags.map(({ name }) => name),
    now,
  )
  return row
}

export const createNamespace = operation({
  id: 'metadata.namespaces.create',
  method: 'POST',
  path: '/metadefs/namespaces',
  summary: 'Create a metadata definition namespace',
  catalog: ['image-v2.metadata-definition-namespaces.create-namespace'],
  body: NamespaceBody,
  status: 201,
  answer: MadeNamespace,
  policy: writes('add_metadef_namespace', 'Create a namespace of metadata definitions.'),
  async handle({ body, who, tx: { db }, cloud, now, href }) {
    const owner = body.owner ?? who.project?.id
    if (owner === undefined) throw forbidden('A namespace needs an owner: use a token of a project.')
    const known = await db.selectFrom('metadata_namespaces').select('id').where('name', '=', body.namespace).executeTakeFirst()
    if (known) throw conflict(`The metadata definition namespace=${body.namespace} already exists.`)
    const row = await insertNamespace(db, cloud.environment.uuid(), body, owner, now)
    const { objects, properties, tags, resource_type_associations } = body
    const contents = { objects, properties, tags, resource_type_associations }
    const location = href(`/metadefs/namespaces/${encodeURIComponent(row.name)}`)
    return reply({ headers: { location }, body: { ...namespaceView(row), ...contents } })
  },
})
