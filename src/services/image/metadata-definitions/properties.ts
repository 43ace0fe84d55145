// Property definitions of a namespace (reference 11.9).
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { mustNotBeProtected, namespaceOf, namespaces, namespaceTarget } from './namespaces/resource.ts'
import { reads, writes } from './rules.ts'
import { Properties, Property, PropertyBody, ResourceTypeQuery } from './schema.ts'
import { all, insertProperty, mustBeNew } from './store.ts'
import type { PropertyRow } from './tables.ts'
import { type Namespace, propertyView } from './view.ts'

interface FoundProperty extends PropertyRow {
  namespace: Namespace
  /** What the associated resource type puts before the name. */
  prefix: string
}

/** The prefix of a resource type that the request names. Throws 404 unless the namespace is associated with it. */
async function prefixOf(context: BaseContext, namespace: Namespace): Promise<string> {
  const type = context.rawQuery.get('resource_type')
  if (type === null) return ''
  const association = (await all(context.db, 'metadata_associations', [namespace.id])).find(({ name }) => name === type)
  if (!association) throw notFound(`The resource type ${type.slice(0, 80)} is not associated with the namespace.`)
  return association.prefix ?? ''
}

const properties = resource<'property', FoundProperty>({
  name: 'property',
  param: 'property_name',
  async load(name, context) {
    const namespace = await namespaceOf(context)
    const prefix = await prefixOf(context, namespace)
    if (!name.startsWith(prefix)) return undefined
    const row = await context.db
      .selectFrom('metadata_properties')
      .selectAll()
      .where('namespace_id', '=', namespace.id)
      .where('name', '=', name.slice(prefix.length))
      .executeTakeFirst()
    return row && { ...row, namespace, prefix }
  },
  target: ({ namespace }) => namespaceTarget(namespace),
  missing: (name) => `The metadata definition property with name=${name.slice(0, 80)} was not found in the namespace.`,
})

const path = '/metadefs/namespaces/{namespace}/properties'

export const createProperty = operation({
  id: 'metadata.properties.create',
  method: 'POST',
  path,
  summary: 'Create a property definition in a namespace',
  catalog: ['image-v2.metadata-definition-properties.create-property'],
  body: PropertyBody,
  status: 201,
  answer: Property,
  policy: writes('add_metadef_property', 'Create a property definition in a namespace.'),
  on: namespaces,
  async handle({ namespace, body, tx: { db }, now }) {
    await mustBeNew(db, 'metadata_properties', namespace, body.name)
    return propertyView(await insertProperty(db, namespace.id, body.name, body, now))
  },
})

export const listProperties = operation({
  id: 'metadata.properties.list',
  method: 'GET',
  path,
  summary: 'List the property definitions of a namespace',
  catalog: ['image-v2.metadata-definition-properties.list-properties'],
  query: ResourceTypeQuery,
  answer: Properties,
  policy: reads('get_metadef_properties', 'List the property definitions of a namespace.'),
  on: namespaces,
  async handle(context) {
    const { namespace, db } = context
    const prefix = await prefixOf(context, namespace)
    const rows = await all(db, 'metadata_properties', [namespace.id])
    return {
      properties: Object.fromEntries(rows.map((row) => [prefix + row.name, { ...propertyView(row), name: prefix + row.name }])),
      schema: '/v2/schemas/metadefs/properties',
    }
  },
})

export const showProperty = operation({
  id: 'metadata.properties.show',
  method: 'GET',
  path: `${path}/{property_name}`,
  summary: 'Show a property definition',
  catalog: ['image-v2.metadata-definition-properties.get-property-definition'],
  query: ResourceTypeQuery,
  answer: Property,
  policy: reads('get_metadef_property', 'Show a property definition.'),
  on: properties,
  handle: async ({ property }) => ({ ...propertyView(property), name: property.prefix + property.name }),
})

export const updateProperty = operation({
  id: 'metadata.properties.update',
  method: 'PUT',
  path: `${path}/{property_name}`,
  summary: 'Update a property definition',
  catalog: ['image-v2.metadata-definition-properties.update-property-definition'],
  query: ResourceTypeQuery,
  body: PropertyBody,
  answer: Property,
  policy: writes('modify_metadef_property', 'Change a property definition.'),
  on: properties,
  async handle({ property, body: { name, ...definition }, tx: { db }, now }) {
    const { namespace } = property
    if (name !== property.name) await mustBeNew(db, 'metadata_properties', namespace, name)
    const { numUpdatedRows } = await db
      .updateTable('metadata_properties')
      .set({ name, definition, updated_at: now })
      .where('namespace_id', '=', namespace.id)
      .where('name', '=', property.name)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw notFound(properties.missing(property.name))
    return { ...definition, name }
  },
})

export const deleteProperty = operation({
  id: 'metadata.properties.delete',
  method: 'DELETE',
  path: `${path}/{property_name}`,
  summary: 'Delete a property definition',
  catalog: ['image-v2.metadata-definition-properties.remove-property-definition'],
  query: ResourceTypeQuery,
  status: 204,
  policy: writes('remove_metadef_property', 'Delete a property definition.'),
  on: properties,
  async handle({ property: { namespace, name }, tx: { db } }) {
    mustNotBeProtected(namespace, `its property ${name}`)
    await db.deleteFrom('metadata_properties').where('namespace_id', '=', namespace.id).where('name', '=', name).execute()
  },
})
