// Objects of a namespace: groups of properties (reference 11.10).
import { notFound } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { ordered } from '../listing.ts'
import { mustNotBeProtected, namespaceOf, namespaces, namespaceTarget } from './namespaces/resource.ts'
import { collection, filtersOfNamespaces } from './page.ts'
import { reads, writes } from './rules.ts'
import { DefinedObject, ObjectBody } from './schema.ts'
import { insertObject, meantFor, mustBeNew } from './store.ts'
import type { ObjectRow } from './tables.ts'
import { type Namespace, objectView } from './view.ts'

const objects = resource<'object', ObjectRow & { namespace: Namespace }>({
  name: 'object',
  param: 'object_name',
  async load(name, context) {
    const namespace = await namespaceOf(context)
    const row = await context.db
      .selectFrom('metadata_objects')
      .selectAll()
      .where('namespace_id', '=', namespace.id)
      .where('name', '=', name)
      .executeTakeFirst()
    return row && { ...row, namespace }
  },
  target: ({ namespace }) => namespaceTarget(namespace),
  missing: (name) => `The metadata definition object with name=${name.slice(0, 80)} was not found in the namespace.`,
})

const path = '/metadefs/namespaces/{namespace}/objects'
const objectCollection = collection('objects', path, filtersOfNamespaces)

export const createObject = operation({
  id: 'metadata.objects.create',
  method: 'POST',
  path,
  summary: 'Create an object in a namespace',
  catalog: ['image-v2.metadata-definition-objects.create-object'],
  body: ObjectBody,
  answer: DefinedObject,
  status: 201,
  policy: writes('add_metadef_object', 'Create an object in a namespace.'),
  on: namespaces,
  async handle({ namespace, body, tx: { db }, now }) {
    await mustBeNew(db, 'metadata_objects', namespace, body.name)
    return objectView(await insertObject(db, namespace.id, body, now), namespace.name)
  },
})

export const listObjects = operation({
  id: 'metadata.objects.list',
  method: 'GET',
  path,
  summary: 'List the objects of a namespace',
  catalog: ['image-v2.metadata-definition-objects.list-objects'],
  query: objectCollection.query,
  answer: objectCollection.answer(DefinedObject),
  policy: reads('get_metadef_objects', 'List the objects of a namespace.'),
  on: namespaces,
  async handle(context) {
    const { namespace, db, rawQuery } = context
    const seen = db.selectFrom('metadata_objects').selectAll().where('namespace_id', '=', namespace.id)
    // Filters are those of namespaces: they hold for all objects of this one, or for none.
    const visibility = rawQuery.get('visibility')
    const types = rawQuery.get('resource_types')?.split(',').filter(Boolean)
    const page = await objectCollection.page<ObjectRow>(ordered(context), seen, (query) => {
      let found = query
      if (visibility !== null && visibility !== namespace.visibility) found = found.where((eb) => eb.lit(false))
      if (types?.length) found = found.where('namespace_id', 'in', meantFor(db, types))
      return found
    })
    return objectCollection.body(
      context,
      page,
      page.rows.map((row) => objectView(row, namespace.name)),
    )
  },
})

export const showObject = operation({
  id: 'metadata.objects.show',
  method: 'GET',
  path: `${path}/{object_name}`,
  summary: 'Show an object of a namespace',
  catalog: ['image-v2.metadata-definition-objects.get-object-definition'],
  answer: DefinedObject,
  policy: reads('get_metadef_object', 'Show an object of a namespace.'),
  on: objects,
  handle: async ({ object }) => objectView(object, object.namespace.name),
})

export const updateObject = operation({
  id: 'metadata.objects.update',
  method: 'PUT',
  path: `${path}/{object_name}`,
  summary: 'Update an object of a namespace',
  catalog: ['image-v2.metadata-definition-objects.update-object-definition'],
  body: ObjectBody,
  answer: DefinedObject,
  policy: writes('modify_metadef_object', 'Change an object of a namespace.'),
  on: objects,
  async handle({ object: { namespace, ...object }, body, tx: { db }, now }) {
    if (body.name !== object.name) await mustBeNew(db, 'metadata_objects', namespace, body.name)
    const values = {
      name: body.name,
      description: body.description ?? null,
      required_names: body.required ?? [],
      definitions: body.properties ?? {},
      updated_at: now,
    }
    const { numUpdatedRows } = await db
      .updateTable('metadata_objects')
      .set(values)
      .where('namespace_id', '=', namespace.id)
      .where('name', '=', object.name)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw notFound(objects.missing(object.name))
    return objectView({ ...object, ...values }, namespace.name)
  },
})

export const deleteObject = operation({
  id: 'metadata.objects.delete',
  method: 'DELETE',
  path: `${path}/{object_name}`,
  summary: 'Delete an object of a namespace',
  catalog: ['image-v2.metadata-definition-objects.delete-property-definition'],
  status: 204,
  policy: writes('delete_metadef_object', 'Delete an object of a namespace.'),
  on: objects,
  async handle({ object: { namespace, name }, tx: { db } }) {
    mustNotBeProtected(namespace, `its object ${name}`)
    await db.deleteFrom('metadata_objects').where('namespace_id', '=', namespace.id).where('name', '=', name).execute()
  },
})
