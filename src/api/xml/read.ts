// XML of strangers as JSON values: no document types, no entities but XML's own, limits on depth and number. What a text means
// (a number, a list of one) is told by the operation's own schema.
import { SaxesParser } from 'saxes'
import { badRequest } from '../faults.ts'
import { entriesForm, itemName, type Shape, shapeOf } from './annotation.ts'
import { schemaInstance, type XmlDialect } from './dialect.ts'

const maxDepth = 32
const maxNodes = 20_000
const maxAttributes = 500

export interface XmlElement {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
  isNil: boolean
}

/** The root element, its names with the dialect's prefixes. Throws 400 for what is no well-formed UTF-8 XML, or too deep or too much. */
export function parseXml(bytes: Buffer, dialect: XmlDialect): XmlElement {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badRequest('Malformed request body: it is not UTF-8.')
  }
  const prefixOf = new Map(Object.entries(dialect.prefixes ?? {}).map(([prefix, uri]) => [uri, prefix]))
  const nameOf = ({ prefix, local, uri }: { prefix: string; local: string; uri: string }): string => {
    if (local === '__proto__') throw badRequest('Invalid field name.')
    const known = prefixOf.get(uri)
    if (known !== undefined) return `${known}:${local}`
    return dialect.prefixes?.[prefix] === undefined ? local : `${prefix}:${local}`
  }
  const top: XmlElement = { name: '', attributes: {}, children: [], text: '', isNil: false }
  const stack = [top]
  let nodes = 0
  const parser = new SaxesParser({ xmlns: true, position: false })
  parser.on('doctype', () => {
    throw badRequest('Malformed request body: document types are not allowed.')
  })
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') throw badRequest('Malformed request body: only UTF-8 is understood.')
  })
  let ofElement = 0
  const count = () => {
    if (++nodes > maxNodes) throw badRequest('The body has too many elements.')
  }
  parser.on('opentagstart', () => {
    ofElement = 0
    count()
  })
  parser.on('attribute', () => {
    if (++ofElement > maxAttributes) throw badRequest('An element has too many attributes.')
    count()
  })
  parser.on('opentag', (tag) => {
    const attributes = Object.values(tag.attributes)
    if (stack.length > maxDepth) throw badRequest('The body is nested too deeply.')
    const element: XmlElement = { name: nameOf(tag), attributes: {}, children: [], text: '', isNil: false }
    for (const attribute of attributes) {
      if (attribute.prefix === 'xmlns' || attribute.prefix === 'xml' || attribute.name === 'xmlns') continue
      if (attribute.uri === schemaInstance || (dialect.nulls === 'nil' && attribute.name === 'nil'))
        element.isNil ||= attribute.local === 'nil' && attribute.value === 'true'
      // Hints on types are not needed: the schema knows.
      else if (!(dialect.typePrefix && attribute.local === 'type' && attribute.prefix !== ''))
        element.attributes[nameOf(attribute)] = attribute.value
    }
    stack.at(-1)!.children.push(element)
    stack.push(element)
  })
  parser.on('text', (part) => {
    stack.at(-1)!.text += part
  })
  parser.on('cdata', (part) => {
    stack.at(-1)!.text += part
  })
  parser.on('closetag', () => {
    stack.pop()
  })
  parser.on('error', () => {
    throw badRequest('Malformed request body: it is not well-formed XML.')
  })
  parser.write(text).close()
  return top.children[0]!
}

function scalar(text: string, shape: Shape | undefined): unknown {
  const types = shape?.scalars
  if (!types?.size) return text
  if (types.has('boolean') && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if (types.has('string')) return text
  if (types.has('integer') && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (types.has('number') && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text)
  if (types.has('null') && text === '') return null
  return text
}

const textField = (shape: Shape): string | undefined => [...shape.fields].find(([, { form }]) => form.text)?.[0]

const isAside = ({ name }: XmlElement) => name.endsWith('_links')

/** The value of an element; without a schema by what it looks like. */
function valueFrom(element: XmlElement, shape: Shape | undefined, dialect: XmlDialect): unknown {
  if (element.isNil) return null
  const children = element.children.filter((child) => !isAside(child))
  const text = element.text.trim()
  // Text in place of a list's items or an object's fields is not passed over: the schema refuses it.
  if (text && !children.length && !Object.keys(element.attributes).length && !(shape && textField(shape))) return scalar(text, shape)
  if (shape?.item && !shape.isObject) return children.map((child) => valueFrom(child, shape.item!, dialect))
  if (shape?.isObject || Object.keys(element.attributes).length) return objectOf(element, children, shape, dialect)
  if (!children.length) return scalar(text, shape)
  const isList = !shape?.scalars.size && children.every((child) => child.name === itemName(element.name, shape, dialect))
  return isList ? children.map((child) => valueFrom(child, undefined, dialect)) : objectOf(element, children, shape, dialect)
}

/** An object whose names are data; undefined when it was not written in that way. */
function entriesFrom(element: XmlElement, children: XmlElement[], shape: Shape | undefined, dialect: XmlDialect): object | undefined {
  const entries = entriesForm(shape, dialect)
  if (!entries || Object.keys(element.attributes).length) return undefined
  const { name, key, value: place, inElements } = entries
  const of = (each: string) => shape?.fields.get(each) ?? shape?.free ?? undefined
  const found: [string, unknown][] = []
  for (const child of children) {
    if (child.name !== name) return undefined
    const within = (part: string) => child.children.find((each) => each.name === part)
    const named = inElements ? within(key)?.text.trim() : child.attributes[key]
    if (named === undefined) return undefined
    if (named === '__proto__') throw badRequest('Invalid field name.')
    if (inElements) {
      const held = within(place ?? 'value')
      found.push([named, held ? valueFrom(held, of(named), dialect) : ''])
    } else if (place !== undefined) found.push([named, scalar(child.attributes[place] ?? '', of(named))])
    else {
      const { [key]: _, ...attributes } = child.attributes
      found.push([named, valueFrom({ ...child, attributes }, of(named) ?? textShape, dialect)])
    }
  }
  return Object.fromEntries(found)
}

const textShape: Shape = {
  form: {},
  scalars: new Set(['string']),
  item: null,
  fields: new Map(),
  isObject: false,
  free: null,
  places: new Map(),
}
const flagShape: Shape = { ...textShape, scalars: new Set(['boolean']) }

function objectOf(element: XmlElement, children: XmlElement[], shape: Shape | undefined, dialect: XmlDialect): unknown {
  const data = entriesFrom(element, children, shape, dialect)
  if (data) return data
  const object: Record<string, unknown> = {}
  const repeated = new Set<string>()
  const place = (name: string): { field: string; own: Shape | undefined } => {
    const field = shape?.places.get(name) ?? name
    return { field, own: shape?.fields.get(field) ?? shape?.free ?? undefined }
  }
  for (const [name, value] of Object.entries(element.attributes)) {
    const { field, own } = place(name)
    object[field] = scalar(value, own ?? (name === 'enabled' ? flagShape : textShape))
  }
  for (const child of children) {
    const { field, own } = place(child.name)
    const isKnown = shape?.fields.has(field)
    if (isKnown && own!.form.wrapped === false) {
      if (!Object.hasOwn(object, field)) object[field] = []
      ;(object[field] as unknown[]).push(valueFrom(child, own!.item ?? undefined, dialect))
    } else if (!Object.hasOwn(object, field)) {
      const held = own?.form.wrapper === child.name && isKnown ? (child.children[0] ?? child) : child
      object[field] = valueFrom(held, own, dialect)
    } else if (isKnown) throw badRequest(`Malformed request body: the element ${child.name.slice(0, 60)} stands there twice.`)
    else {
      if (!repeated.has(field)) object[field] = [object[field]]
      repeated.add(field)
      ;(object[field] as unknown[]).push(valueFrom(child, undefined, dialect))
    }
  }
  const inText = shape && textField(shape)
  if (inText !== undefined) object[inText] = element.text.trim()
  else if (element.text.trim())
    throw badRequest(`Malformed request body: text stands in ${element.name.slice(0, 60)} beside what it holds.`)
  return object
}

/** A body as JSON would have it: the root element's name with its value, or the value alone where JSON has no name for it. */
export function fromXml(root: XmlElement, schema: object | undefined, dialect: XmlDialect): unknown {
  const shape = schema && shapeOf(schema, dialect)
  if (root.name === dialect.root?.list) return root.children.map((child) => valueFrom(child, shape?.item ?? undefined, dialect))
  if (root.name === dialect.root?.object) return valueFrom(root, shape, dialect)
  const name = shape?.places.get(root.name) ?? root.name
  const own = shape?.fields.get(name)
  const inner = own?.form.wrapper === root.name ? (root.children[0] ?? root) : root
  return { [name]: valueFrom({ ...inner, name }, own, dialect) }
}
