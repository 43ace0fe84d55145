// JSON schemas of metadata definitions (reference 11.12).
import { pageOf } from './image.ts'

const string = { type: 'string' }
const text = (description: string, maxLength?: number) => ({ type: 'string', description, ...(maxLength ? { maxLength } : {}) })
const time = (what: string) => ({ type: 'string', description: `Date and time of ${what}`, format: 'date-time', readOnly: true })
const kind = { type: 'string', enum: ['array', 'boolean', 'integer', 'number', 'object', 'string', null] }
const positive = { $ref: '#/definitions/positiveInteger' }
const positiveOr0 = { $ref: '#/definitions/positiveIntegerDefault0' }
const strings = { $ref: '#/definitions/stringArray' }

const numbers = {
  positiveInteger: { type: 'integer', minimum: 0 },
  positiveIntegerDefault0: { allOf: [{ $ref: '#/definitions/positiveInteger' }, { default: 0 }] },
  stringArray: { type: 'array', items: string, uniqueItems: true },
}

/** What a property definition may say: JSON schema itself, in short. */
const definition = {
  name: string,
  title: string,
  description: string,
  operators: { type: 'array', items: string },
  type: kind,
  required: strings,
  minimum: { type: 'number' },
  maximum: { type: 'number' },
  maxLength: positive,
  minLength: positiveOr0,
  pattern: { type: 'string', format: 'regex' },
  enum: { type: 'array' },
  readonly: { type: 'boolean' },
  default: {},
  items: { type: 'object', properties: { type: kind, enum: { type: 'array' } } },
  maxItems: positive,
  minItems: positiveOr0,
  uniqueItems: { type: 'boolean', default: false },
  additionalItems: { type: 'boolean' },
}

const definitions = {
  ...numbers,
  property: { type: 'object', additionalProperties: { type: 'object', properties: definition, required: ['title', 'type'] } },
}
const closed = { additionalProperties: false }
const properties = { $ref: '#/definitions/property' }
const place = { self: string, schema: string }

const object = {
  name: 'object',
  definitions,
  ...closed,
  required: ['name'],
  properties: {
    ...place,
    name: text('', 255),
    description: string,
    required: strings,
    properties,
    created_at: time('object creation'),
    updated_at: time('the last object modification'),
  },
}

const association = {
  name: 'resource_type_association',
  ...closed,
  required: ['name'],
  properties: {
    name: text('Name of the resource type, such as those of orchestration', 80),
    prefix: text('Put before the names of the properties when they are used on that type; holds its separator', 80),
    properties_target: text('Which of the key-value sets of such a resource is meant, where it has several', 80),
    created_at: time('resource type association'),
    updated_at: time('the last resource type association modification'),
  },
}

const tag = {
  name: 'tag',
  ...closed,
  required: ['name'],
  properties: { name: text('', 80), created_at: time('tag creation'), updated_at: time('the last tag modification') },
}

const property = { name: 'property', definitions: numbers, ...closed, required: ['name', 'title', 'type'], properties: definition }

const namespace = {
  name: 'namespace',
  definitions,
  ...closed,
  required: ['namespace'],
  properties: {
    ...place,
    namespace: text('The unique namespace text.', 80),
    display_name: text('The user friendly name for the namespace.', 80),
    description: text('What the namespace is for.', 500),
    visibility: { type: 'string', description: 'Scope of namespace accessibility.', enum: ['public', 'private'] },
    protected: { type: 'boolean', description: 'If true, namespace will not be deletable.' },
    owner: text('Owner of the namespace.', 255),
    created_at: time('namespace creation'),
    updated_at: time('the last namespace modification'),
    resource_type_associations: {
      type: 'array',
      items: { type: 'object', properties: { name: string, prefix: string, properties_target: string } },
    },
    properties,
    objects: { type: 'array', items: { type: 'object', properties: { name: string, description: string, required: strings, properties } } },
    tags: { type: 'array', items: { type: 'object', properties: { name: string } } },
  },
}

/** An entity inside of a list: what it refers to is defined by the list. */
const inList = ({ definitions: _, ...entity }: { name: string; properties: object; definitions?: object }) => ({
  type: 'object',
  ...entity,
})

/** By the last part of their address, `/v2/schemas/metadefs/...`. */
export const metadataSchemas: Record<string, object> = {
  namespace,
  namespaces: { ...pageOf('namespaces', 'namespaces', inList(namespace)), definitions },
  object,
  objects: { ...pageOf('objects', 'objects', inList(object)), definitions },
  property,
  properties: {
    name: 'properties',
    definitions: numbers,
    properties: { properties: { type: 'object', additionalProperties: inList(property) }, schema: string, first: string, next: string },
    links: pageOf('', '', {}).links,
  },
  tag,
  tags: pageOf('tags', 'tags', inList(tag)),
  resource_type: association,
  resource_types: pageOf('resource_type_associations', 'resource_type_associations', inList(association)),
}
