// What a field of a schema says of its form in XML, where that is not the dialect's: the keyword `xml` of OpenAPI, with what these APIs need
// besides. From the annotated schema comes the shape by which bodies are read and written.
import type { TSchema } from 'typebox'
import type { XmlDialect } from './dialect.ts'

export interface XmlForm {
  /** Name of the element or attribute, with its prefix if it has one; unless given, the field's name in JSON. */
  name?: string
  /** Namespace of names without a prefix, for a root element whose namespace is not the dialect's. */
  namespace?: string
  /** Whether a text, number or boolean is an attribute of its object's element, or an element in it. */
  attribute?: boolean
  /** The field is the text of its object's element. */
  text?: true
  /** `false`: the items of a list stand in the object's element itself, without an element around them. */
  wrapped?: false
  /** An element around this one, of that name. */
  wrapper?: string
  /** What an item of the list is called. */
  item?: string
  /** How an object is written whose names are data. */
  entries?: Entries | 'elements'
  /** It has no form in XML. */
  omitted?: true
}

/** Names that are data: `{"a": "b"}` as `<meta key="a">b</meta>`. */
export interface Entries {
  /** Element of one of them: `meta`. */
  name: string
  /** Attribute that holds the name: `key`. */
  key: string
  /** Attribute that holds the value; unless given, the value is the content of the element. */
  value?: string
  /** Name and value are elements in that one instead: `<item><key>a</key><value>b</value></item>`. */
  inElements?: true
}

/** The schema with its form in XML. */
export const xml = <S extends TSchema>(form: XmlForm, schema: S): S => ({ ...schema, xml: form })

/** What reading and writing need of a schema, its choices taken together. */
export interface Shape {
  form: XmlForm
  /** JSON types that a text may stand for. */
  scalars: ReadonlySet<string>
  /** Of a list: its items. */
  item: Shape | null
  /** Of an object: its fields by their names in JSON. */
  fields: ReadonlyMap<string, Shape>
  isObject: boolean
  /** Of an object whose names are data: the values. */
  free: Shape | null
  /** Names of the fields by what they are called in XML: elements and attributes, wrappers, items without an element around them. */
  places: ReadonlyMap<string, string>
}

interface Schema {
  type?: string | string[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  xml?: XmlForm
}

/** What an item of the list of that name is called. */
export function itemName(list: string, shape: Shape | undefined, dialect: XmlDialect): string {
  const own = shape?.form.item ?? shape?.item?.form.name
  if (own !== undefined) return own
  if (list.endsWith('_links')) return 'link'
  if (dialect.item !== undefined) return dialect.item
  if (list.endsWith('ies')) return `${list.slice(0, -3)}y`
  return list.endsWith('s') ? list.slice(0, -1) : 'item'
}

/** How an object of that shape is written when its names are data; undefined where each is an element or attribute of its own. */
export function entriesForm(shape: Shape | undefined, dialect: XmlDialect): Entries | undefined {
  const own = shape?.form.entries
  if (own) return own === 'elements' ? undefined : own
  return shape?.free && !shape.fields.size ? dialect.entries : undefined
}

const known = new WeakMap<XmlDialect, WeakMap<object, Shape>>()

/** The shape of a schema, worked out once. */
export function shapeOf(schema: object, dialect: XmlDialect): Shape {
  let shapes = known.get(dialect)
  if (!shapes) {
    shapes = new WeakMap()
    known.set(dialect, shapes)
  }
  let shape = shapes.get(schema)
  if (!shape) {
    shape = newShape([schema as Schema], dialect)
    shapes.set(schema, shape)
  }
  return shape
}

/** All parts of a schema that is a choice. */
const choices = (schema: Schema): Schema[] => (schema.anyOf ? [schema, ...schema.anyOf.flatMap(choices)] : [schema])

function newShape(schemas: Schema[], dialect: XmlDialect): Shape {
  const parts = schemas.flatMap(choices)
  const words = parts.flatMap((part) => ['enum' in part ? (part.enum ?? []) : [], 'const' in part ? [part.const] : []].flat())
  const types = new Set([...parts.flatMap(({ type }) => type ?? []), ...words.map((word) => (word === null ? 'null' : typeof word))])
  const items = parts.flatMap((part) => part.items ?? [])
  const byName = new Map<string, Schema[]>()
  for (const part of parts)
    for (const [name, schema] of Object.entries(part.properties ?? {})) byName.set(name, [...(byName.get(name) ?? []), schema])
  const free = parts.flatMap(({ patternProperties, additionalProperties }) => [
    ...Object.values(patternProperties ?? {}),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ])
  const fields = new Map([...byName].map(([name, of]) => [name, newShape(of, dialect)]))
  const places = new Map<string, string>()
  for (const [name, shape] of fields) {
    const { form } = shape
    const bare = form.wrapped === false ? itemName(form.name ?? name, shape, dialect) : undefined
    places.set(form.wrapper ?? bare ?? form.name ?? name, name)
  }
  return {
    form: Object.assign({}, ...parts.map((part) => part.xml)),
    scalars: new Set([...types].filter((type) => type !== 'object' && type !== 'array')),
    item: items.length || types.has('array') ? newShape(items, dialect) : null,
    fields,
    isObject: types.has('object') || fields.size > 0 || free.length > 0,
    free: free.length ? newShape(free, dialect) : null,
    places,
  }
}
