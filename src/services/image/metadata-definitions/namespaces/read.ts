// GET of namespaces (reference 11.8.2, 11.8.3).
import { badRequest } from '../../../../api/faults.ts'
import { operation } from '../../../../api/operation.ts'
import { rule } from '../../../../auth/policy.ts'
import { viewerOf } from '../../images/resource.ts'
import { ordered } from '../../listing.ts'
import { anyReader } from '../../rules.ts'
import { collection, filtersOfNamespaces } from '../page.ts'
import { reads } from '../rules.ts'
import { ListedNamespace, ResourceTypeQuery, WholeNamespace } from '../schema.ts'
import { all, meantFor, visibleTo } from '../store.ts'
import { associationView, type Namespace, namespaceView, objectView } from '../view.ts'
import { namespaces } from './resource.ts'

const namespaceCollection = collection('namespaces', '/metadefs/namespaces', filtersOfNamespaces)

export const listNamespaces = operation({
  id: 'metadata.namespaces.list',
  method: 'GET',
  path: '/metadefs/namespaces',
  summary: 'List metadata definition namespaces',
  catalog: ['image-v2.metadata-definition-namespaces.list-namespaces'],
  query: namespaceCollection.query,
  answer: namespaceCollection.answer(ListedNamespace),
  policy: rule('get_metadef_namespaces', anyReader, 'List namespaces of metadata definitions.'),
  async handle(context) {
    const { db, rawQuery } = context
    const visibility = rawQuery.get('visibility')
    if (visibility !== null && visibility !== 'public' && visibility !== 'private') {
      throw badRequest('Invalid visibility value: it is public or private.')
    }
    const types = rawQuery.get('resource_types')?.split(',').filter(Boolean)
    const seen = db
      .selectFrom('metadata_namespaces')
      .selectAll()
      .where(visibleTo(viewerOf(context)))
    const page = await namespaceCollection.page<Namespace>(ordered(context), seen, (query) => {
      let found = query
      if (visibility !== null) found = found.where('visibility', '=', visibility)
      if (types?.length) found = found.where('id', 'in', meantFor(db, types))
      return found
    })
    const { rows } = page
    const associations = rows.length
      ? await all(
          db,
          'metadata_associations',
          rows.map(({ id }) => id),
        )
      : []
    const shown = rows.map((row) => {
      const own = associations.filter(({ namespace_id }) => namespace_id === row.id)
      return { ...namespaceView(row), ...(own.length ? { resource_type_associations: own.map(associationView) } : {}) }
    })
    return namespaceCollection.body(context, page, shown)
  },
})

export const showNamespace = operation({
  id: 'metadata.namespaces.show',
  method: 'GET',
  path: '/metadefs/namespaces/{namespace}',
  summary: 'Show a metadata definition namespace with all that is in it',
  catalog: ['image-v2.metadata-definition-namespaces.get-namespaces-details'],
  query: ResourceTypeQuery,
  answer: WholeNamespace,
  policy: reads('get_metadef_namespace', 'Show a namespace of metadata definitions.'),
  on: namespaces,
  async handle({ namespace, db, rawQuery }) {
    const ids = [namespace.id]
    const associations = await all(db, 'metadata_associations', ids)
    const type = rawQuery.get('resource_type')
    const prefix = (type !== null && associations.find(({ name }) => name === type)?.prefix) || ''
    const prefixed = (definitions: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(definitions).map(([name, definition]) => [prefix + name, definition]))
    const objects = (await all(db, 'metadata_objects', ids)).map((row) => {
      const required_names = row.required_names.map((name) => prefix + name)
      return objectView({ ...row, definitions: prefixed(row.definitions) as typeof row.definitions, required_names }, namespace.name)
    })
    const properties = await all(db, 'metadata_properties', ids)
    const tags = (await all(db, 'metadata_tags', ids)).map(({ name }) => ({ name }))
    return {
      ...namespaceView(namespace),
      ...(associations.length ? { resource_type_associations: associations.map(associationView) } : {}),
      ...(properties.length
        ? { properties: prefixed(Object.fromEntries(properties.map(({ name, definition }) => [name, definition]))) }
        : {}),
      ...(objects.length ? { objects } : {}),
      ...(tags.length ? { tags } : {}),
    }
  },
})
