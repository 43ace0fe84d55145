// Resource types, and which namespaces are meant for them (reference 11.7).
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { mustNotBeProtected, namespaces } from './namespaces/resource.ts'
import { reads, writes } from './rules.ts'
import { Association, AssociationBody, ResourceType } from './schema.ts'
import { all, associate, mustBeNew } from './store.ts'
import { associationView, resourceTypeView } from './view.ts'

export const listResourceTypes = operation({
  id: 'metadata.resource_types.list',
  method: 'GET',
  path: '/metadefs/resource_types',
  summary: 'List resource types',
  catalog: ['image-v2.metadata-definition-resource-types.list-resource-types'],
  answer: Type.Object({ resource_types: Type.Array(ResourceType), schema: Type.String() }),
  policy: reads('list_metadef_resource_types', 'List resource types.'),
  async handle({ db }) {
    const rows = await db.selectFrom('metadata_resource_types').selectAll().orderBy('name').execute()
    return { resource_types: rows.map(resourceTypeView), schema: '/v2/schemas/metadefs/resource_types' }
  },
})

const path = '/metadefs/namespaces/{namespace}/resource_types'

export const createAssociation = operation({
  id: 'metadata.resource_types.associate',
  method: 'POST',
  path,
  summary: 'Associate a resource type with a namespace',
  catalog: ['image-v2.metadata-definition-resource-types.create-resource-type-association'],
  body: AssociationBody,
  status: 201,
  answer: Association,
  policy: writes('add_metadef_resource_type_association', 'Associate a resource type with a namespace.'),
  on: namespaces,
  async handle({ namespace, body, tx: { db }, now }) {
    await mustBeNew(db, 'metadata_associations', namespace, body.name)
    return associationView(await associate(db, namespace.id, body, now))
  },
})

export const listAssociations = operation({
  id: 'metadata.resource_types.list_associations',
  method: 'GET',
  path,
  summary: 'List the resource types of a namespace',
  catalog: ['image-v2.metadata-definition-resource-types.list-resource-type-associations'],
  answer: Type.Object({ resource_type_associations: Type.Array(Association) }),
  policy: reads('get_metadef_resource_type', 'List the resource types of a namespace.'),
  on: namespaces,
  async handle({ namespace, db }) {
    const rows = await all(db, 'metadata_associations', [namespace.id])
    return { resource_type_associations: rows.map(associationView) }
  },
})

export const deleteAssociation = operation({
  id: 'metadata.resource_types.dissociate',
  method: 'DELETE',
  path: `${path}/{name}`,
  summary: 'Take a resource type from a namespace',
  catalog: ['image-v2.metadata-definition-resource-types.remove-resource-type-association'],
  status: 204,
  policy: writes('remove_metadef_resource_type_association', 'Take a resource type from a namespace.'),
  on: namespaces,
  async handle({ namespace, params: { name }, tx: { db } }) {
    mustNotBeProtected(namespace, `its resource type ${name.slice(0, 80)}`)
    const { numDeletedRows } = await db
      .deleteFrom('metadata_associations')
      .where('namespace_id', '=', namespace.id)
      .where('name', '=', name)
      .executeTakeFirst()
    if (numDeletedRows === 0n)
      throw notFound(`The resource type ${name.slice(0, 80)} is not associated with the namespace ${namespace.name}.`)
  },
})
