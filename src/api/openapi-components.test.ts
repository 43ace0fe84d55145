import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { withComponents } from './openapi-components.ts'
import { xml } from './xml/annotation.ts'

const Long = Type.Object(Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`field_${index}`, Type.String({ maxLength: 255 })])))
const Rule = Type.Object({ ...Long.properties, xml: Type.String(), tags: xml({ item: 'tag', wrapped: false }, Type.Array(Type.String())) })
const Group = Type.Object({ name: Type.String(), rules: Type.Array(Rule), long: Long })
const plain = (schema: object) => JSON.parse(JSON.stringify(schema))

test('what stands at several places is there once, by the name that it has where it stands', () => {
  const { paths, schemas } = withComponents(
    plain({
      '/groups': {
        get: { operationId: 'groups.list', schema: Type.Object({ groups: Type.Array(Group) }) },
        post: { operationId: 'groups.create', schema: Type.Object({ group: Group, small: Type.Object({ id: Type.String() }) }) },
      },
      '/rules': { get: { operationId: 'rules.list', schema: Type.Object({ rules: Type.Array(Rule) }) } },
    }),
  )
  assert.deepEqual(Object.keys(schemas), ['Group', 'Rule'])
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  // biome-ignore lint/suspicious/noExplicitAny: a document is looked into
  const at = paths as any
  assert.deepEqual(at['/groups'].get.schema.properties.groups.items, ref('Group'))
  assert.deepEqual(at['/groups'].post.schema.properties.group, ref('Group'))
  assert.deepEqual(at['/groups'].post.schema.properties.small, plain(Type.Object({ id: Type.String() })))
  assert.deepEqual(at['/rules'].get.schema.properties.rules.items, ref('Rule'))
  // biome-ignore lint/suspicious/noExplicitAny: a document is looked into
  const group = schemas.Group as any
  assert.deepEqual(group.properties.rules.items, ref('Rule'))
  // What stands once only stays where it is, and what OpenAPI does not know of XML is an extension.
  assert.deepEqual(group.properties.long, plain(Long))
  // biome-ignore lint/suspicious/noExplicitAny: a document is looked into
  const { properties } = schemas.Rule as any
  assert.deepEqual(properties.tags.xml, { 'x-item': 'tag', wrapped: false })
  assert.deepEqual(properties.xml, { type: 'string' })
})

test('different schemas of one name are told apart', () => {
  const other = Type.Object({ ...Long.properties, more: Type.String() })
  const twice = (schema: object) => [Type.Object({ thing: schema }), Type.Object({ thing: schema, more: Type.String() })]
  const { schemas } = withComponents(plain({ a: twice(Long), b: twice(other) }))
  assert.deepEqual(Object.keys(schemas), ['Thing', 'Thing2'])
})
