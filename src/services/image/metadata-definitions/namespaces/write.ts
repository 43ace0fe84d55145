// PUT and DELETE of a namespace, and DELETE of everything of a kind in it (reference 11.8.4, 11.8.5, 11.11.3).
import { conflict, forbidden, notFound } from '../../../../api/faults.ts'
import { operation } from '../../../../api/operation.ts'
import { writes } from '../rules.ts'
import { Namespace, NamespaceBody } from '../schema.ts'
import { type Content, removeNamespace } from '../store.ts'
import { namespaceView } from '../view.ts'
import { mustNotBeProtected, namespaces } from './resource.ts'

const path = '/metadefs/namespaces/{namespace}'

export const updateNamespace = operation({
  id: 'metadata.namespaces.update',
  method: 'PUT',
  path,
  summary: 'Update a metadata definition namespace',
  catalog: ['image-v2.metadata-definition-namespaces.update-namespace'],
  body: NamespaceBody,
  answer: Namespace,
  policy: writes('modify_metadef_namespace', 'Change a namespace of metadata definitions.'),
  on: namespaces,
  // The body is the namespace as it shall be: what it does not name goes back to what a new one has.
  async handle({ namespace, body, who, tx: { db }, now }) {
    if (body.namespace !== namespace.name) {
      const known = await db.selectFrom('metadata_namespaces').select('id').where('name', '=', body.namespace).executeTakeFirst()
      if (known) throw conflict(`Invalid update: the namespace name ${body.namespace} is in use.`)
    }
    const values = {
      name: body.namespace,
      display_name: body.display_name ?? null,
      description: body.description ?? null,
      visibility: body.visibility ?? 'private',
      protected: body.protected ?? false,
      owner_id: body.owner ?? who.project?.id ?? namespace.owner_id,
      updated_at: now,
    }
    const { numUpdatedRows } = await db.updateTable('metadata_namespaces').set(values).where('id', '=', namespace.id).executeTakeFirst()
    if (numUpdatedRows === 0n) throw notFound(namespaces.missing(namespace.name))
    return namespaceView({ ...namespace, ...values })
  },
})

export const deleteNamespace = operation({
  id: 'metadata.namespaces.delete',
  method: 'DELETE',
  path,
  summary: 'Delete a metadata definition namespace with all that is in it',
  catalog: ['image-v2.metadata-definition-namespaces.delete-namespace'],
  status: 204,
  policy: writes('delete_metadef_namespace', 'Delete a namespace of metadata definitions.'),
  on: namespaces,
  async handle({ namespace, tx: { db } }) {
    if (namespace.protected) throw forbidden(`The metadata definition namespace ${namespace.name} is protected and cannot be deleted.`)
    await removeNamespace(db, namespace.id)
  },
})

const emptying = (kind: 'objects' | 'properties' | 'tags', policy: string, catalog: string[]) =>
  operation({
    id: `metadata.${kind}.delete_all`,
    method: 'DELETE',
    path: `${path}/${kind}` as '/metadefs/namespaces/{namespace}/tags',
    summary: `Delete all ${kind} of a metadata definition namespace`,
    catalog,
    status: 204,
    policy: writes(policy, `Delete all ${kind} of a namespace.`),
    on: namespaces,
    async handle({ namespace, tx: { db } }) {
      mustNotBeProtected(namespace, `its ${kind}`)
      await db
        .deleteFrom(`metadata_${kind}` as Content)
        .where('namespace_id', '=', namespace.id)
        .execute()
    },
  })

export const deleteObjects = emptying('objects', 'delete_metadef_namespace', [])
export const deleteProperties = emptying('properties', 'delete_metadef_namespace', [])
export const deleteTags = emptying('tags', 'delete_metadef_tags', ['image-v2.metadata-definition-tags.delete-all-tag-definitions'])
