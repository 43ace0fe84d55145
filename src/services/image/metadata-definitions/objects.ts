// Objects of a namespace: groups of properties (reference 11.10).
import { notFound } from '../../../api/faults.ts'
import { listRows } from '../../../api/list.ts'
import { operation, resource } from '../../../api/operation.ts'
import { mustNotBeProtected, namespaceOf, namespaces, namespaceTarget } from './namespaces/resource.ts'
import { links, pageRequest, shape } from './page.ts'
import { reads, writes } from './rules.ts'
import { ObjectBody } from './schema.ts'
import { insertObject, mustBeNew } from './store.ts'
import type { ObjectRow } from './tables.ts'
import { type Namespace, objectView, root } from './view.ts'

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

export const createObject = operation({
  id: 'metadata.objects.create',
  method: 'POST',
  path,
  summary: 'Create an object in a namespace',
  catalog: ['image-v2.metadata-definition-objects.create-object'],
  body: ObjectBody,
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
  policy: reads('get_metadef_objects', 'List the objects of a namespace.'),
  on: namespaces,
  async handle({ namespace, db, rawQuery }) {
    const seen = db.selectFrom('metadata_objects').selectAll().where('namespace_id', '=', namespace.id)
    // Filters are those of namespaces: they hold for all objects of this one, or for none.
    const visibility = rawQuery.get('visibility')
    const types = rawQuery.get('resource_types')?.split(',').filter(Boolean)
    const { rows, next } = await listRows(seen, shape, pageRequest(rawQuery), (query) => {
      let found = query
      if (visibility !== null && visibility !== namespace.visibility) found = found.where((eb) => eb.lit(false))
      if (types?.length) {
        found = found.where('namespace_id', 'in', (eb) =>
          eb.selectFrom('metadata_associations').select('namespace_id').where('metadata_associations.name', 'in', types),
        )
      }
      return found
    })
    return {
      objects: rows.map((row) => objectView(row, namespace.name)),
      ...links(`${root}/${namespace.name}/objects`, rawQuery, next),
      schema: '/v2/schemas/metadefs/objects',
    }
  },
})

export const showObject = operation({
  id: 'metadata.objects.show',
  method: 'GET',
  path: `${path}/{object_name}`,
  summary: 'Show an object of a namespace',
  catalog: ['image-v2.metadata-definition-objects.get-object-definition'],
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
