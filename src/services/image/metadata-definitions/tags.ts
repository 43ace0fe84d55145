// Tags of a namespace (reference 11.11).

import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { validator } from '../../../api/validate.ts'
import { ordered } from '../listing.ts'
import { checkUnique } from './namespaces/create.ts'
import { mustNotBeProtected, namespaceOf, namespaces, namespaceTarget } from './namespaces/resource.ts'
import { collection } from './page.ts'
import { reads, writes } from './rules.ts'
import { Tag, TagBody, TagName, TagsBody } from './schema.ts'
import { insertTags, mustBeNew } from './store.ts'
import type { TagRow } from './tables.ts'
import { type Namespace, tagView } from './view.ts'

const nameCheck = validator(TagBody, false)

const tags = resource<'tag', TagRow & { namespace: Namespace }>({
  name: 'tag',
  param: 'name',
  async load(name, context) {
    const namespace = await namespaceOf(context)
    const row = await context.db
      .selectFrom('metadata_tags')
      .selectAll()
      .where('namespace_id', '=', namespace.id)
      .where('name', '=', name)
      .executeTakeFirst()
    return row && { ...row, namespace }
  },
  target: ({ namespace }) => namespaceTarget(namespace),
  missing: (name) => `The metadata definition tag with name=${name.slice(0, 80)} was not found in the namespace.`,
})

const path = '/metadefs/namespaces/{namespace}/tags'
const tagCollection = collection('tags', path)

export const createTags = operation({
  id: 'metadata.tags.create',
  method: 'POST',
  path,
  summary: 'Replace the tags of a namespace, or add to them',
  catalog: ['image-v2.metadata-definition-tags.create-tags'],
  body: TagsBody,
  status: 201,
  answer: Type.Object({ tags: Type.Array(TagName) }),
  policy: writes('add_metadef_tags', 'Create tags in a namespace.'),
  on: namespaces,
  async handle({ namespace, body, headers, tx: { db }, now }) {
    const names = body.tags.map(({ name }) => name)
    checkUnique('tag', names)
    if (String(headers['x-openstack-append'] ?? '').toLowerCase() === 'true') {
      for (const name of names) await mustBeNew(db, 'metadata_tags', namespace, name)
    } else {
      await db.deleteFrom('metadata_tags').where('namespace_id', '=', namespace.id).execute()
    }
    await insertTags(db, namespace.id, names, now)
    return { tags: names.map((name) => ({ name })) }
  },
})

export const listTags = operation({
  id: 'metadata.tags.list',
  method: 'GET',
  path,
  summary: 'List the tags of a namespace',
  catalog: ['image-v2.metadata-definition-tags.list-tags'],
  query: tagCollection.query,
  answer: tagCollection.answer(TagName),
  policy: reads('get_metadef_tags', 'List the tags of a namespace.'),
  on: namespaces,
  async handle(context) {
    const seen = context.db.selectFrom('metadata_tags').selectAll().where('namespace_id', '=', context.namespace.id)
    const page = await tagCollection.page(ordered(context), seen)
    return tagCollection.body(
      context,
      page,
      page.rows.map(({ name }) => ({ name })),
    )
  },
})

export const addTagDefinition = operation({
  id: 'metadata.tags.add',
  method: 'POST',
  path: `${path}/{name}`,
  summary: 'Add a tag to a namespace',
  catalog: ['image-v2.metadata-definition-tags.add-tag-definition'],
  status: 201,
  answer: Tag,
  policy: writes('add_metadef_tag', 'Add a tag to a namespace.'),
  on: namespaces,
  async handle({ namespace, params: { name }, tx: { db }, now }) {
    nameCheck.check({ name }, 'body')
    await mustBeNew(db, 'metadata_tags', namespace, name)
    await insertTags(db, namespace.id, [name], now)
    return tagView({ namespace_id: namespace.id, name, created_at: now, updated_at: now })
  },
})

export const showTag = operation({
  id: 'metadata.tags.show',
  method: 'GET',
  path: `${path}/{name}`,
  summary: 'Show a tag of a namespace',
  catalog: ['image-v2.metadata-definition-tags.get-tag-definition'],
  answer: Tag,
  policy: reads('get_metadef_tag', 'Show a tag of a namespace.'),
  on: tags,
  handle: async ({ tag }) => tagView(tag),
})

export const updateTag = operation({
  id: 'metadata.tags.update',
  method: 'PUT',
  path: `${path}/{name}`,
  summary: 'Rename a tag of a namespace',
  catalog: ['image-v2.metadata-definition-tags.update-tag-definition'],
  body: TagBody,
  answer: Tag,
  policy: writes('modify_metadef_tag', 'Rename a tag of a namespace.'),
  on: tags,
  async handle({ tag: { namespace, ...tag }, body: { name }, tx: { db }, now }) {
    if (name !== tag.name) await mustBeNew(db, 'metadata_tags', namespace, name)
    const { numUpdatedRows } = await db
      .updateTable('metadata_tags')
      .set({ name, updated_at: now })
      .where('namespace_id', '=', namespace.id)
      .where('name', '=', tag.name)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw notFound(tags.missing(tag.name))
    return tagView({ ...tag, name, updated_at: now })
  },
})

export const deleteTag = operation({
  id: 'metadata.tags.delete',
  method: 'DELETE',
  path: `${path}/{name}`,
  summary: 'Delete a tag of a namespace',
  catalog: ['image-v2.metadata-definition-tags.delete-tag-definition'],
  status: 204,
  policy: writes('delete_metadef_tag', 'Delete a tag of a namespace.'),
  on: tags,
  async handle({ tag: { namespace, name }, tx: { db } }) {
    mustNotBeProtected(namespace, `its tag ${name}`)
    await db.deleteFrom('metadata_tags').where('namespace_id', '=', namespace.id).where('name', '=', name).execute()
  },
})
