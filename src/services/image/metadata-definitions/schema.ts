// Metadata definitions as they are sent and shown. Bodies have all parts in place of references, and limits of their own on names and counts.
import { type TSchema, Type } from 'typebox'
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

const GivenProperties = Type.Unsafe<Record<string, Definition>>({
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
  properties: Type.Optional(GivenProperties),
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
  properties: Type.Optional(GivenProperties),
})

export const NamespaceBody = Closed({
  namespace: name(80),
  display_name: Type.Optional(Type.String({ maxLength: 80, pattern: printable })),
  description: Type.Optional(Type.String({ maxLength: 500 })),
  visibility: Type.Optional(Type.Unsafe<'public' | 'private'>({ enum: ['public', 'private'] })),
  protected: Type.Optional(Type.Boolean()),
  owner: Type.Optional(name(255)),
  properties: Type.Optional(GivenProperties),
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

const times = { created_at: Type.String(), updated_at: Type.String() }
const address = { self: Type.String(), schema: Type.String() }
/** By their names. They are JSON schema: what else one says is kept as it came. */
const Definitions = Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()))
/** Which of the parts it has was its author's wish. */
const described = { description: Type.Optional(Type.String()) }

/** A property definition as it is shown (reference 11.9). */
export const Property = Type.Unsafe<Definition & { name: string }>({
  type: 'object',
  properties: { name: Type.String(), ...keywords },
  required: ['name'],
  additionalProperties: true,
})

/** By its name, with what the resource type that was asked for puts before it. */
export const Properties = Type.Object({ properties: Type.Record(Type.String(), Property), schema: Type.String() })

/** An object as it is shown (reference 11.10). */
export const DefinedObject = Type.Object({
  name: Type.String(),
  ...described,
  required: Type.Array(Type.String()),
  properties: Definitions,
  ...times,
  ...address,
})

/** A tag as it is shown (reference 11.11). */
export const Tag = Type.Object({ name: Type.String(), ...times })
/** As it stands in lists. */
export const TagName = Type.Object({ name: Type.String() })

export const ResourceType = Type.Object({ name: Type.String(), ...times })

const association = { name: Type.String(), prefix: Type.Optional(Type.String()), properties_target: Type.Optional(Type.String()) }
/** What a namespace is meant for, as it is shown (reference 11.7). */
export const Association = Type.Object({ ...association, ...times })

const namespace = {
  namespace: Type.String(),
  display_name: Type.Optional(Type.String()),
  ...described,
  visibility: Type.Unsafe<'public' | 'private'>({ enum: ['public', 'private'] }),
  protected: Type.Boolean(),
  owner: Type.String(),
  ...times,
  ...address,
}

/** A namespace without what is in it. */
export const Namespace = Type.Object(namespace)
/** As it stands in lists. */
export const ListedNamespace = Type.Object({ ...namespace, resource_type_associations: Type.Optional(Type.Array(Association)) })

/** A namespace with what is in it (reference 11.8), where it has some; what a creation has made is answered as it was given. */
const contents = <A extends TSchema, O extends TSchema>(associations: A, objects: O) =>
  Type.Object({
    ...namespace,
    resource_type_associations: Type.Optional(Type.Array(associations)),
    properties: Type.Optional(Definitions),
    objects: Type.Optional(Type.Array(objects)),
    tags: Type.Optional(Type.Array(TagName)),
  })
export const WholeNamespace = contents(Association, DefinedObject)
export const MadeNamespace = contents(Type.Object(association), NestedObject)

/** The resource type whose prefix stands before the names of properties. */
export const ResourceTypeQuery = Type.Object({ resource_type: Type.Optional(Type.String()) })
