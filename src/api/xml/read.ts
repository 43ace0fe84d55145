// XML of strangers as JSON values: no document types, no entities but XML's own, limits on depth and number. What a text means
// (a number, a list of one) is told by the operation's own schema.
import { SaxesParser } from 'saxes'
import { badRequest } from '../faults.ts'
import { itemName, schemaInstance, type XmlDialect } from './dialect.ts'

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

interface Schema {
  type?: string | string[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: Schema[]
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
      if (attribute.uri === schemaInstance) element.isNil ||= attribute.local === 'nil' && attribute.value === 'true'
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

const typesOf = (schema: Schema | undefined): string[] => (schema?.type === undefined ? [] : [schema.type].flat())
/** The schema and, where it is a choice, all of its parts. */
const choices = (schema: Schema | undefined): Schema[] => (schema?.anyOf ? schema.anyOf.flatMap(choices) : schema ? [schema] : [])

function scalar(text: string, options: Schema[]): unknown {
  const types = options.flatMap(typesOf)
  if (types.includes('boolean') && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  if (types.includes('string')) return text
  if (types.includes('integer') && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (types.includes('number') && /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text)
  if (types.includes('null') && text === '') return null
  return text
}

/** The value of an element; without a schema by what it looks like. */
function elementValue(element: XmlElement, schema: Schema | undefined, dialect: XmlDialect): unknown {
  if (element.isNil) return null
  const { name, attributes, children } = element
  const text = element.text.trim()
  const options = choices(schema)
  const inner = children.filter((child) => !child.name.endsWith('_links'))
  const list = options.find((option) => typesOf(option).includes('array'))
  const object = options.find((option) => typesOf(option).includes('object') || option.properties)
  if (list && !object) return inner.map((child) => elementValue(child, list.items, dialect))
  if (object || Object.keys(attributes).length) return objectOf(element, inner, object, dialect)
  if (inner.length) {
    const isList = !options.length && inner.every((child) => child.name === itemName(dialect, name))
    return isList ? inner.map((child) => elementValue(child, undefined, dialect)) : objectOf(element, inner, undefined, dialect)
  }
  return scalar(text, options)
}

function objectOf(element: XmlElement, children: XmlElement[], schema: Schema | undefined, dialect: XmlDialect): unknown {
  const properties = schema?.properties ?? {}
  const free =
    typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : Object.values(schema?.patternProperties ?? {})[0]
  const of = (name: string): Schema | undefined => (Object.hasOwn(properties, name) ? properties[name] : free)
  const map = dialect.maps?.[element.name]
  if (map !== undefined && children.every((child) => child.name === map && 'key' in child.attributes))
    return Object.fromEntries(children.map((child) => [child.attributes.key, child.text.trim()]))
  const object: Record<string, unknown> = {}
  const repeated = new Set<string>()
  const known = (name: string) => of(name) ?? (name === 'enabled' ? { type: 'boolean' } : { type: 'string' })
  for (const [name, value] of Object.entries(element.attributes)) object[name] = scalar(value, choices(known(name)))
  const lists = [
    ...Object.keys(properties).filter((name) => choices(properties[name]).some((option) => typesOf(option).includes('array'))),
    ...(dialect.bare ?? []).flatMap((place) => (place.startsWith(`${element.name}.`) ? [place.slice(element.name.length + 1)] : [])),
  ]
  for (const child of children) {
    const bare = Object.hasOwn(properties, child.name) ? undefined : lists.find((name) => itemName(dialect, name) === child.name)
    if (bare !== undefined) {
      const items = choices(properties[bare]).find((option) => option.items)?.items
      if (!Object.hasOwn(object, bare)) object[bare] = []
      ;(object[bare] as unknown[]).push(elementValue(child, items, dialect))
    } else if (!Object.hasOwn(object, child.name)) object[child.name] = elementValue(child, of(child.name), dialect)
    else if (Object.hasOwn(properties, child.name))
      throw badRequest(`Malformed request body: the element ${child.name.slice(0, 60)} stands there twice.`)
    else {
      if (!repeated.has(child.name)) object[child.name] = [object[child.name]]
      repeated.add(child.name)
      ;(object[child.name] as unknown[]).push(elementValue(child, undefined, dialect))
    }
  }
  const inText = dialect.texts?.[element.name]
  if (inText !== undefined) object[inText] = element.text.trim()
  return object
}

/** A body as JSON would have it: the root element's name with its value. */
export function fromXml(root: XmlElement, schema: object | undefined, dialect: XmlDialect): Record<string, unknown> {
  const name = rootName(root, dialect)
  const part =
    (schema as Schema | undefined)?.properties?.[name] ??
    choices(schema as Schema).find((each) => each.properties?.[name])?.properties?.[name]
  return { [name]: elementValue({ ...root, name }, part, dialect) }
}

export const rootName = (root: XmlElement, dialect: XmlDialect): string => dialect.roots?.[root.name] ?? root.name
