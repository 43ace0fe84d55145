// Bodies of metadata definitions, with all parts in place of references, and limits of their own on names and counts.
import { Type } from 'typebox'
import { Closed } from '../../../api/types.ts'
import type { Definition } from './tables.ts'

const printable = '^[^\\u0000-\\u001f\\u007f]*$'
const name = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: printable })
/** Slashes would split the path that a name stands in. */
const PathName = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const LongText = Type.String({ maxLength: 16000 })
const count = { type: 'integer', minimum: 0 }
const kind = { enum: ['array', 'boolean', 'integer', 'number', 'object', 'string', null] }
const strings = { type: 'array', items: { type: 'string', maxLength: 255 }, uniqueItems: true, maxItems: 1000 }

/** Keywords of a property definition. */
const keywords = {
  title: { type: 'string', maxLength: 16000 },
  description: { type: 'string', maxLength: 16000 },
  operators: { type: 'array', items: { type: 'string' } },
  type: kind,
  required: strings,
  minimum: { type: 'number' },
  maximum: { type: 'number' },
  maxLength: count,
  minLength: count,
  pattern: { type: 'string', format: 'regex', maxLength: 4096 },
  enum: { type: 'array', maxItems: 10000 },
  readonly: { type: 'boolean' },
  default: {},
  items: { type: 'object', properties: { type: kind, enum: { type: 'array' } } },
  maxItems: count,
  minItems: count,
  uniqueItems: { type: 'boolean' },
  additionalItems: { type: 'boolean' },
}

const Properties = Type.Unsafe<Record<string, Definition>>({
  type: 'object',
  maxProperties: 1000,
  propertyNames: { minLength: 1, maxLength: 255, pattern: printable, not: { const: '__proto__' } },
  additionalProperties: { type: 'object', properties: { name: { type: 'string' }, ...keywords }, required: ['title', 'type'] },
})

export const PropertyBody = Type.Unsafe<Definition & { name: string }>({
  type: 'object',
  properties: { name: PathName, ...keywords },
  required: ['name', 'title', 'type'],
  additionalProperties: false,
})

const Required = Type.Unsafe<string[]>(strings)

export const ObjectBody = Closed({
  name: PathName,
  description: Type.Optional(LongText),
  required: Type.Optional(Required),
  properties: Type.Optional(Properties),
  self: Type.Optional(Type.String()),
  schema: Type.Optional(Type.String()),
})

export const TagBody = Closed({ name: name(80) })
export const TagsBody = Closed({ tags: Type.Array(TagBody, { maxItems: 1000 }) })

export const AssociationBody = Closed({
  name: name(80),
  prefix: Type.Optional(Type.String({ maxLength: 80, pattern: printable })),
  properties_target: Type.Optional(Type.String({ maxLength: 80, pattern: printable })),
})

const NestedObject = Type.Object({
  name: PathName,
  description: Type.Optional(LongText),
  required: Type.Optional(Required),
  properties: Type.Optional(Properties),
})

export const NamespaceBody = Closed({
  namespace: name(80),
  display_name: Type.Optional(Type.String({ maxLength: 80, pattern: printable })),
  description: Type.Optional(Type.String({ maxLength: 500 })),
  visibility: Type.Optional(Type.Unsafe<'public' | 'private'>({ enum: ['public', 'private'] })),
  protected: Type.Optional(Type.Boolean()),
  owner: Type.Optional(name(255)),
  properties: Type.Optional(Properties),
  objects: Type.Optional(Type.Array(NestedObject, { maxItems: 1000 })),
  tags: Type.Optional(Type.Array(Type.Object({ name: name(80) }), { maxItems: 1000 })),
  resource_type_associations: Type.Optional(
    Type.Array(
      Type.Object({
        name: name(80),
        prefix: Type.Optional(Type.String({ maxLength: 80, pattern: printable })),
        properties_target: Type.Optional(Type.String({ maxLength: 80, pattern: printable })),
      }),
      { maxItems: 1000 },
    ),
  ),
  self: Type.Optional(Type.String()),
  schema: Type.Optional(Type.String()),
})
